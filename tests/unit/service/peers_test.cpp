#include "service/peers.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using namespace mtasts;

TEST_CASE("each user's connections are counted until they end", "[peers]") {
  Peers peers;
  CHECK(peers.held(1000) == 0);
  std::optional<Peers::Token> first(peers.add(1000));
  auto second = peers.add(1000), other = peers.add(33), nobody = peers.add(std::nullopt);
  CHECK(peers.held(1000) == 2);
  CHECK(peers.held(33) == 1);
  Peers::Token moved(std::move(second));
  CHECK(peers.held(std::nullopt) == 1);
  first.reset();
  CHECK(peers.held(1000) == 1);
}

TEST_CASE("a token may outlive the counts", "[peers]") {
  Peers::Token token;
  {
    Peers peers;
    auto taken = peers.add(1);
    Peers::Token longer(std::move(taken));
  }
}

TEST_CASE("peer_of() knows the user of a unix socket, and none of a TCP socket", "[peers]") {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(peer_of(ends[0]) == ::getuid());
  for (int end : ends) ::close(end);
  int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
  CHECK_FALSE(peer_of(tcp));
  ::close(tcp);
}
