// documents - reads the sample file and mtastsd.toml(5), for tests that compare them with the code.
#pragma once

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace mtasts::test {

inline std::string file(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The text between the end of one line and the beginning of another; "" if they are not there.
inline std::string between(const std::string& text, std::string_view line, std::string_view next) {
  auto begin = text.find(fmt::format("\n{}\n", line));
  if (begin == std::string::npos) return {};
  begin += line.size() + 2;
  auto end = text.find(fmt::format("\n{}", next), begin);
  return end == std::string::npos ? std::string() : text.substr(begin, end + 1 - begin);
}

inline std::string roff(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"')
      out += "\\(dq";
    else
      out += c == '-' ? "\\-" : std::string(1, c);
  }
  return out;
}

// The ".TP" of each entry with the line after it, which names a key.
inline std::string headings(const std::string& section) {
  std::string all, before;
  for (std::size_t at = 0, end = 0; (end = section.find('\n', at)) != std::string::npos; at = end + 1) {
    auto line = section.substr(at, end - at);
    if (before == ".TP") all += ".TP\n" + line + '\n';
    before = line;
  }
  return all;
}

// How mtastsd.toml(5) begins the entry of a key. value: as TOML writes it.
inline std::string heading(std::string_view key, std::string_view value) {
  return fmt::format(".TP\n.BR {} \" = {}\"\n", key, roff(value));
}

}  // namespace mtasts::test
