#include "conf/services.hpp"

#include <algorithm>
#include <charconv>

#include "sys/small_file.hpp"

namespace mtasts {
namespace {

constexpr std::size_t largest_file = 1 << 20;
constexpr std::string_view blanks = " \t\r\v\f";

// Takes the first line off.
std::string_view next_line(std::string_view& text) noexcept {
  auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line.substr(0, line.find('#'));
}

// Takes the first word off; empty: there is none.
std::string_view next_word(std::string_view& line) noexcept {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  auto word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

// "587/tcp".
std::optional<std::uint16_t> tcp_port(std::string_view word) noexcept {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
  bool tcp = std::string_view(end, word.data() + word.size()) == "/tcp";
  return error == std::errc{} && tcp && port != 0 ? std::optional(port) : std::nullopt;
}

}  // namespace

Services Services::parse(std::string_view text) {
  Services services;
  for (text = text.substr(0, largest_file); !text.empty();) {
    auto line = next_line(text);
    auto name = next_word(line);
    auto port = tcp_port(next_word(line));
    if (!port) continue;
    for (; !name.empty(); name = next_word(line)) services.ports_.emplace(name, *port);
  }
  return services;
}

std::optional<std::uint16_t> Services::port(std::string_view name) const noexcept {
  auto found = ports_.find(name);
  return found == ports_.end() ? std::nullopt : std::optional(found->second);
}

const Services& system_services() {
  static const Services services = [] {
    return Services::parse(read_file("/etc/services", largest_file).value_or(""));
  }();
  return services;
}

}  // namespace mtasts
