#include "core/dane.hpp"

#include <catch2/catch_test_macros.hpp>

#include "core/dns_answer.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;
using mtasts::test::host_list;
using mtasts::test::mx_view;
using namespace std::chrono_literals;

TEST_CASE("how long the last proof about a host counts", "[core]") {
  const Time now = Time(1'700'000'000s);
  struct Row {
    const char* line;
    Time looked_up_at;
    std::optional<HostState> proof;
  };
  const Row rows[] = {
      {"f+a.x u1700000000", now + 60 * 24h, HostState::usable},  // a later lookup does not make it younger
      {"u+a.x 01700000000", now + 60 * 24h, HostState::none},
      {"f+a.x u1699999999", now, std::nullopt},
      {"0+a.x", now, HostState::none},
      {"x+a.x", now, HostState::unreachable},
      {"0+a.x", now - 1s, std::nullopt},
      {"f+a.x", now, std::nullopt},
      {"-+a.x", now, std::nullopt},
      {"F+a.x", now, HostState::usable},  // from an earlier build
      {"F+a.x", now - 1s, std::nullopt},
  };
  for (const Row& row : rows) {
    INFO(row.line);
    auto proof = last_proof(*host_list(row.line).begin(), row.looked_up_at, now + 30 * 24h);
    CHECK(proof.has_value() == row.proof.has_value());
    if (proof && row.proof) CHECK(proof->state == *row.proof);
  }
}

TEST_CASE("DANE-26: whole preference groups are counted", "[core]") {
  const HostList hosts = host_list("u+a.x\nu=b.x\nn+c.x\nx+d.x\n0+e.x\ni=f.x\nf+g.x\n-+h.x");
  HostTally all = tally(hosts, 100);
  CHECK(all.usable == 2);
  CHECK(all.unusable == 1);
  CHECK(all.none == 1);
  CHECK(all.insecure == 1);
  CHECK(all.failed == 1);
  CHECK(all.unreachable == 1);
  HostTally one = tally(hosts, 1);
  CHECK(one.usable == 2);  // the second has the same preference
  CHECK(one.unusable == 0);
  HostTally five = tally(hosts, 5);
  CHECK(five.none == 1);
  CHECK(five.insecure == 1);
  CHECK(five.failed == 0);
  CHECK(tally({}, 10).usable == 0);
}

TEST_CASE("STS-40: whether the MX hosts can satisfy a policy at all", "[core]") {
  CHECK(none_matches(host_list("-+mx.evil.example"), mx_view("mx.example.com\n*.example.net")));
  CHECK_FALSE(none_matches(host_list("-+mx.evil.example\n-=a.example.net"),
                           mx_view("mx.example.com\n*.example.net")));
  CHECK(none_matches(host_list("-+a.b.example.net"), mx_view("*.example.net")));
  CHECK_FALSE(none_matches(host_list(""), mx_view("mx.example.com")));  // nobody knows the hosts
  CHECK(none_matches(host_list("-+mx.example.com"), mx_view("")));
}

TEST_CASE("DANE-27: a state counts until its TTL is over, and never from the future", "[core]") {
  const Time now = Time(1'700'000'000s);
  DaneState state;
  state.mx = MxState::insecure;
  state.looked_up_at = now;
  state.valid_until = now + 300s;
  CHECK(state_in_force(view(state), now));
  CHECK(state_in_force(view(state), now + 299s));
  CHECK_FALSE(state_in_force(view(state), now + 300s));
  CHECK_FALSE(state_in_force(view(state), now - 1s));
  state.mx = MxState::unknown;
  CHECK_FALSE(state_in_force(view(state), now));
}

TEST_CASE("MX RDATA", "[core]") {
  auto mx = decode_mx(std::string("\0\x0A\2mx\7example\0", 14));
  REQUIRE(mx);
  CHECK(mx->preference == 10);
  CHECK(mx->host == "mx.example");
  CHECK(decode_mx(std::string("\0\0\0", 3))->host.empty());  // RFC 7505
  CHECK(decode_mx(std::string("\1\0\3a.b\0", 7))->host == "a\\046b");
  CHECK(decode_mx(std::string("\1\0\2a\0\0", 6))->host == "a\\000");
  for (std::string bad : {std::string(), std::string("\0\x0A", 2), std::string("\0\x0A\2mx", 5),
                          std::string("\0\x0A\2mx\0x", 7), std::string("\0\x0A\xC0\x0C", 4),
                          std::string("\0\x0A\x40", 3) + std::string(64, 'a') + std::string(1, '\0')})
    CHECK_FALSE(decode_mx(bad));
  std::string endless("\0\x0A", 2);
  for (int i = 0; i < 200; ++i) endless += "\1a";
  CHECK_FALSE(decode_mx(endless + std::string(1, '\0')));  // longer than 255 octets
}
