#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "cli/commands.hpp"
#include "cli/socketmap_client.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::string_view remedy =
    "is mtastsd running (systemctl status mtastsd), and is [listen] socketmap the daemon's (--config FILE)?";

bool is_answer(std::string_view reply) noexcept {
  return reply.starts_with("OK ") || reply.starts_with("NOTFOUND");
}

// "postfix310/partners" is explained by "json/partners".
std::string json_map(std::string_view map) {
  auto slash = map.find('/');
  return "json" + std::string(slash == std::string_view::npos ? "" : map.substr(slash));
}

// The object in the reply of the json map. nullopt: TEMP, PERM, or no object.
std::optional<boost::json::object> object_of(std::string_view reply) {
  if (!reply.starts_with("OK ")) return std::nullopt;
  reply.remove_prefix(3);
  boost::system::error_code error;
  auto value = boost::json::parse({reply.data(), reply.size()}, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::string text_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(boost::json::string_view(key.data(), key.size()));
  const auto* string = value == nullptr ? nullptr : value->if_string();
  return string == nullptr ? "" : whole({string->data(), string->size()});
}

std::string reason(const boost::json::object& object) {
  auto detail = text_of(object, "detail"), source = text_of(object, "source");
  return fmt::format("{}{}{}{}", text_of(object, "reason"), detail.empty() ? "" : ": " + detail,
                     source.empty() ? "" : fmt::format(" ({})", source), "");
}

int print_object(std::string_view reply, const Terminal& terminal) {
  auto object = object_of(reply);
  if (!object) {
    terminal.print_json(boost::json::object{{"error", to_json(reply)}});
    return is_answer(reply) ? exit_trouble : exit_no;
  }
  terminal.print_json(*object);
  return text_of(*object, "decision") == "temp" ? exit_no : exit_ok;
}

int print_reply(std::string_view reply, const Terminal& terminal) {
  terminal.print(terminal.paint(is_answer(reply) ? Colour::plain : Colour::bad, whole(reply)));
  return is_answer(reply) ? exit_ok : exit_no;
}

int trouble(const Error& error, const Terminal& terminal) {
  return terminal.trouble(fmt::format("{}; {}", whole(error.detail), remedy));
}

// A blank would end the map's name early; a control octet has no place in either.
bool can_be_sent(std::string_view map, std::string_view key) noexcept {
  auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return !map.contains(' ') && std::ranges::none_of(map, control) && std::ranges::none_of(key, control);
}

}  // namespace

int query(const std::vector<Endpoint>& endpoints, const QueryOptions& options, const Terminal& terminal) {
  std::string map = options.map.empty() ? "postfix" : options.map;
  if (!can_be_sent(map, options.domain))
    return terminal.trouble(
        "the domain or map name has characters that no lookup can have; write them plainly");
  auto deadline = std::chrono::steady_clock::now() + options.limit;
  auto client = SocketmapClient::connect(endpoints, deadline);
  if (!client) return trouble(client.error(), terminal);
  auto reply = client->ask(terminal.json ? json_map(map) : map, options.domain, deadline);
  if (!reply) return trouble(reply.error(), terminal);
  if (terminal.json) return print_object(*reply, terminal);
  int code = print_reply(*reply, terminal);
  if (!options.map.empty()) return code;

  auto explained = client->ask("json", options.domain, deadline);  // the reason; its absence changes nothing
  auto object = explained ? object_of(*explained) : std::nullopt;
  if (object) terminal.print(terminal.paint(Colour::faint, reason(*object)));
  return code;
}

}  // namespace mtasts
