// changed_file - a saved trace with one member changed.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <string_view>

namespace mtasts {

// The file with a member changed ("trace/0/ttl"), or without it (nullptr).
inline std::string changed_file(const std::string& file, const std::string& path, const char* value) {
  boost::json::value whole = boost::json::parse(file);
  boost::json::value* at = &whole;
  std::string_view rest = path;
  for (auto slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
    auto part = rest.substr(0, slash);
    at = at->is_array() ? &at->as_array()[static_cast<std::size_t>(part[0] - '0')]
                        : &at->as_object()[boost::json::string_view(part.data(), part.size())];
    rest.remove_prefix(slash + 1);
  }
  boost::json::string_view key(rest.data(), rest.size());
  if (value == nullptr)
    at->as_object().erase(key);
  else
    at->as_object()[key] = boost::json::parse(value);
  return boost::json::serialize(whole);
}

}  // namespace mtasts
