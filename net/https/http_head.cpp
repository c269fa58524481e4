#include "net/https/http_head.hpp"

#include <algorithm>

#include "core/finding.hpp"
#include "core/text.hpp"

namespace mtasts {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view protocol = "HTTP/1.";
constexpr std::size_t status_digits = 3;
constexpr std::size_t quoted_octets = 40;

// The first frame of an HTTP/2 server is SETTINGS, type 4, on stream 0 (RFC 9113 §3.4, §4.1).
bool is_http2_settings(std::string_view bytes) noexcept {
  return bytes.size() >= 9 && bytes[3] == '\4' && bytes.substr(5, 4) == "\0\0\0\0"sv;
}

std::string_view without_cr(std::string_view line) noexcept {
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view first_line(std::string_view bytes) noexcept {
  return without_cr(bytes.substr(0, bytes.find('\n')));
}

std::string quoted_line(std::string_view bytes) { return in_quotes(first_line(bytes), quoted_octets); }

// What follows "HTTP/1.x": a blank, three digits, and the end or a blank. The first digit is not 0, because
// there is no such class of status (RFC 9110 §15).
bool is_status(std::string_view text) noexcept {
  if (text.size() < 1 + status_digits || text[0] != ' ' || text[1] == '0') return false;
  if (!std::ranges::all_of(text.substr(1, status_digits), is_digit)) return false;
  text.remove_prefix(1 + status_digits);
  return text.empty() || text.front() == ' ';
}

}  // namespace

std::optional<std::size_t> head_size(std::string_view bytes, std::size_t searched) noexcept {
  // The end is at most three octets long: LF CR LF.
  std::size_t from = searched < 2 ? 0 : searched - 2;
  for (std::size_t at = bytes.find('\n', from); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    std::string_view rest = bytes.substr(at + 1);
    if (rest.starts_with('\n')) return at + 2;
    if (rest.starts_with("\r\n")) return at + 3;
  }
  return std::nullopt;
}

std::string refuse_beginning(std::string_view bytes) {
  if (is_http2_settings(bytes)) return "the answer is HTTP/2, though only HTTP/1.1 was offered";
  std::string_view start = bytes.substr(0, protocol.size());
  if (protocol.starts_with(start)) return {};
  // This may be the beginning of an HTTP/2 frame.
  if (bytes.size() < 9 && bytes.starts_with('\0')) return {};
  if (start.starts_with("HTTP/2") || start.starts_with("PRI *"))
    return "the answer is HTTP/2, though only HTTP/1.1 was offered: it begins " + quoted_line(bytes);
  return "the answer is not HTTP/1.1: it begins " + quoted_line(bytes);
}

std::string refuse_status_line(std::string_view head) {
  std::string_view line = first_line(head);
  bool known = line.starts_with("HTTP/1.0") || line.starts_with("HTTP/1.1");
  if (known && is_status(line.substr(protocol.size() + 1))) return {};
  return "bad status line " + quoted_line(head) +
         "; it must be HTTP/1.1, a blank and a status of 100 or more";
}

std::string plain_head(std::string_view head) {
  std::string plain;
  plain.reserve(head.size() + head.size() / 8);
  for (bool status_line = true; !head.empty(); status_line = false) {
    std::size_t end = head.find('\n');
    std::string_view line = without_cr(head.substr(0, end));
    plain += line;
    if (status_line && line.size() == protocol.size() + 2 + status_digits) plain += ' ';
    plain += "\r\n";
    if (end == std::string_view::npos) break;
    head.remove_prefix(end + 1);
  }
  return plain;
}

}  // namespace mtasts
