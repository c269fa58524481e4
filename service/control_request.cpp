#include "service/control_request.hpp"

#include <boost/json/parse.hpp>

namespace mtasts {

namespace json = boost::json;

static std::string verb_of(const json::object& request) {
  const auto* verb = request.if_contains("verb");
  const auto* text = verb == nullptr ? nullptr : verb->if_string();
  return text == nullptr ? "" : std::string(text->data(), text->size());
}

Result<ControlRequest> read_control_request(std::string_view line) {
  boost::system::error_code error;
  auto request = json::parse(json::string_view(line.data(), line.size()), error);
  if (error || !request.is_object())
    return fail(Fault::syntax,
                "the request is not a JSON object on one line, for example {\"verb\":\"status\"}");
  std::string verb = verb_of(request.get_object());
  return ControlRequest{std::move(verb), std::move(request.get_object())};
}

}  // namespace mtasts
