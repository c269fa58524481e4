// name_servers - resolvers by their texts, as the rows of tests write them.
#pragma once

#include <initializer_list>
#include <vector>

#include "core/name_server.hpp"

namespace mtasts::test {

inline NameServer name_server(const char* text) { return parse_name_server(text).value(); }

inline std::vector<NameServer> name_servers(std::initializer_list<const char*> texts) {
  std::vector<NameServer> servers;
  for (const char* text : texts) servers.push_back(name_server(text));
  return servers;
}

}  // namespace mtasts::test
