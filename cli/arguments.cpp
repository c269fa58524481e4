#include "cli/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/finding.hpp"
#include "idn/to_a_labels.hpp"
#include "sys/small_file.hpp"

namespace mtasts {
namespace {

Result<std::string> read_standard_input(std::istream& in) {
  std::string text(max_input, '\0');
  errno = 0;
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || errno == EISDIR)
    return fail(Fault::config, fmt::format("standard input cannot be read: {}", std::strerror(errno)));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace

bool is_there(const std::string& file) noexcept {
  std::error_code ignored;
  return std::filesystem::status(file, ignored).type() != std::filesystem::file_type::not_found;
}

std::vector<std::string> as_parsed(std::vector<std::string> arguments) {
  constexpr auto with_value = std::to_array<std::string_view>(
      {"--config=",  "--control=", "--color=",     "--at=",       "--map=",          "--mode=",
       "--glob=",    "--status=",  "--save=",      "--expiring=", "--content-type=", "--offline=",
       "--mx=",      "--rua=",     "--domain=",    "--file=",     "--ignore=",       "--ports=",
       "--postfix=", "--timeout=", "--warn-days=", "--watch="});
  for (std::size_t i = 0; i < arguments.size() && arguments[i] != "--"; ++i) {
    if (std::ranges::find(with_value, arguments[i]) == with_value.end()) continue;
    arguments[i].pop_back();
    arguments.emplace(arguments.begin() + static_cast<std::ptrdiff_t>(++i));
  }
  bool takes_several = std::ranges::any_of(
      arguments, [](std::string_view each) { return each == "record" || each == "tlsrpt"; });
  for (std::string& each : arguments)
    if (takes_several && each.starts_with('[')) each.insert(0, 1, '\0');
  std::ranges::reverse(arguments);
  return arguments;
}

Result<DomainName> host_argument(std::string_view text) {
  auto ascii = has_u_labels(text) ? to_a_labels(text) : std::optional<std::string>(text);
  auto name = ascii ? DomainName::parse(*ascii) : std::nullopt;
  if (!name) return fail(Fault::syntax, fmt::format("\"{}\" is not a host or domain name", printable(text)));
  return *name;
}

Result<std::string> read_input(const std::string& file, std::istream& standard_input) {
  if (file == "-") return read_standard_input(standard_input);
  auto text = read_file(file, max_input);
  if (!text)
    return fail(Fault::config,
                fmt::format("{} cannot be read: {}; give a file that you can read, or - for standard input",
                            printable(file, 300), std::strerror(text.error())));
  return *std::move(text);
}

Result<std::vector<std::string>> json_strings(std::string_view text) {
  constexpr std::string_view remedy = R"(write one array of strings, for example ["v=STSv1; id=20260131;"])";
  boost::system::error_code error;
  boost::json::parse_options options;
  options.allow_invalid_utf8 = true;  // the strings come from the DNS, which allows any octets
  auto value = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error)
    return fail(Fault::syntax, fmt::format("the input is not JSON ({}); {}", error.message(), remedy));
  const auto* array = value.if_array();
  if (array == nullptr) return fail(Fault::syntax, fmt::format("the input is not a JSON array; {}", remedy));
  std::vector<std::string> strings;
  for (const auto& each : *array) {
    if (!each.is_string())
      return fail(Fault::syntax, fmt::format("the array holds something other than strings; {}", remedy));
    strings.emplace_back(each.get_string().data(), each.get_string().size());
  }
  return strings;
}

}  // namespace mtasts
