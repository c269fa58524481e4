#include "tests/bench/keys.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>

namespace mtasts::bench {
namespace {

constexpr std::size_t max_digits = 20;  // of a number

char* put(std::string_view text, char* out) noexcept { return std::ranges::copy(text, out).out; }

}  // namespace

Result<KeyPattern> KeyPattern::parse(std::string_view text) {
  auto place = text.find("{}");
  if (place == std::string_view::npos)
    return fail(Fault::config, "pattern " + std::string(text) + ": it needs {} in place of the number");
  if (text.size() + max_digits > max_key) return fail(Fault::config, "the pattern is too long");
  return KeyPattern(text.substr(0, place), text.substr(place + 2));
}

char* KeyPattern::write(std::uint64_t number, char* out) const noexcept {
  out = put(before_, out);
  out = std::to_chars(out, out + max_digits, number).ptr;
  return put(after_, out);
}

std::string KeyPattern::text(std::uint64_t number) const {
  char bytes[max_key];
  return {bytes, write(number, bytes)};
}

Result<Keys> Keys::from_file(const std::string& path) {
  std::ifstream file(path);
  Keys keys(*KeyPattern::parse("{}"), 0);
  for (std::string line; std::getline(file, line);) {
    if (line.size() > max_key) return fail(Fault::config, path + ": a line is too long for a key");
    if (line.empty()) continue;
    keys.lines_ += line;
    keys.ends_.push_back(keys.lines_.size());
  }
  keys.count_ = keys.ends_.size();
  if (keys.count_ == 0) return fail(Fault::config, path + ": no keys could be read from it");
  return keys;
}

char* Keys::write(std::uint64_t number, char* out) const noexcept {
  if (ends_.empty()) return pattern_.write(number, out);
  std::size_t begin = number == 0 ? 0 : ends_[number - 1];
  return put(std::string_view(lines_).substr(begin, ends_[number] - begin), out);
}

// The length is known only once the key is written, so it is written before the key, backwards.
std::string_view write_request(RequestBuffer& buffer, std::string_view map, const Keys& keys,
                               std::uint64_t number) noexcept {
  char* const payload = buffer.bytes + RequestBuffer::head;
  char* end = put(map, payload);
  *end++ = ' ';
  end = keys.write(number, end);
  char* begin = payload;
  *--begin = ':';
  for (auto length = end - payload; length > 0; length /= 10) *--begin = static_cast<char>('0' + length % 10);
  *end++ = ',';
  return {begin, end};
}

}  // namespace mtasts::bench
