// cache_damages - damages a cache's file at random, again and again, and prints the results.
//
//   cache_damages [COUNT [FIRST]]     COUNT damages (default 320) from number FIRST on (default 0)
//
// Exit status 1: the cache did not survive some damage as it should. Each such line names its number, to be
// given as FIRST.
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "tests/unit/cache/damages.hpp"

int main(int count, char** words) {
  auto number = [&](int at, std::uint32_t otherwise) {
    return count > at ? static_cast<std::uint32_t>(std::strtoul(words[at], nullptr, 10)) : otherwise;
  };
  std::uint32_t tries = number(1, 320), first = number(2, 0), survived = 0, noticed = 0;
  std::uint64_t salvaged = 0, lost = 0;
  mtasts::test::DamagedCache cache;
  for (std::uint32_t n = first; n < first + tries; ++n) {
    auto outcome = cache.attempt(n);
    survived += outcome.complaint.empty();
    noticed += outcome.noticed;
    salvaged += outcome.salvaged;
    lost += outcome.lost;
    if (!outcome.complaint.empty())
      std::cout << "number " << n << ": " << outcome.what << ": " << outcome.complaint << '\n';
  }
  std::cout << "tried " << tries << ", survived " << survived << ", damage found " << noticed << "; of "
            << cache.entries() << " entries each: from older copies " << salvaged << ", hit and lost " << lost
            << '\n';
  return survived == tries ? 0 : 1;
}
