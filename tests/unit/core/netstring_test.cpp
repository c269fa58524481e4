#include "core/netstring.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

using namespace mtasts;

namespace {

using State = Frame::State;

constexpr std::size_t limit = 1000;

}  // namespace

TEST_CASE("netstring frames", "[core]") {
  struct Row {
    const char* why;
    std::string input;
    State want;
    std::string payload;
    std::size_t number;  // used if whole, wanted if partial
  };
  auto row = GENERATE(values<Row>({
      {"SM-1: one request", "13:postfix a.com,", State::whole, "postfix a.com", 17},
      {"SM-1: only the front is read", "1:a,1:b,", State::whole, "a", 4},
      {"SM-1: empty payload", "0:,", State::whole, "", 3},
      {"SM-1: any octets", std::string("3:\0,:,", 6), State::whole, std::string("\0,:", 3), 6},
      {"SM-1: digits until the colon", "1x:a,", State::bad, "", 0},
      {"SM-1: no digit", ":a,", State::bad, "", 0},
      {"SM-1: blank before the digits", " 1:a,", State::bad, "", 0},
      {"SM-1: sign", "+1:a,", State::bad, "", 0},
      {"SM-1: negative", "-1:a,", State::bad, "", 0},
      {"SM-1: leading zero", "01:a,", State::bad, "", 0},
      {"SM-1: zeros", "00:,", State::bad, "", 0},
      {"SM-1: HTTP", "GET / HTTP/1.1\r\n", State::bad, "", 0},
      {"SM-1: comma missing", "1:ab", State::bad, "", 0},
      {"SM-14: comma missing, more follows", "1:a1:b,", State::bad, "", 0},
      {"SM-8: too long, before its bytes come", "1001:", State::too_long, "", 0},
      {"SM-8: too long, before its colon comes", "1001", State::too_long, "", 0},
      {"SM-8: too long, whatever follows", "99999x", State::too_long, "", 0},
      {"SM-8: the limit itself", "1000:", State::partial, "", 1006},
      {"SM-8: a huge length does not wrap", "18446744073709551617:a,", State::too_long, "", 0},
      {"nothing yet", "", State::partial, "", 3},
      {"a digit", "5", State::partial, "", 8},
      {"zero", "0", State::partial, "", 3},
      {"the colon", "5:", State::partial, "", 8},
      {"half of the payload", "5:ab", State::partial, "", 8},
      {"all but the comma", "5:abcde", State::partial, "", 8},
  }));
  INFO(row.why);
  Frame frame = next_frame(row.input, limit);
  CHECK(frame.state == row.want);
  CHECK(frame.payload == row.payload);
  if (row.want == State::whole) CHECK(frame.used == row.number);
  if (row.want == State::partial) CHECK(frame.wanted == row.number);
}

TEST_CASE("netstring: more than seven digits are refused whatever the limit", "[core]") {
  CHECK(next_frame("9999999", 100'000'000).state == State::partial);
  CHECK(next_frame("10000000", 100'000'000).state == State::bad);
}

TEST_CASE("netstring: wanted is never more than the whole frame, and never reached already", "[core]") {
  std::string whole;
  append_netstring(whole, std::string(333, 'x'));
  for (std::size_t have = 0; have < whole.size(); ++have) {
    Frame frame = next_frame(std::string_view(whole).substr(0, have), limit);
    REQUIRE(frame.state == State::partial);
    CHECK(frame.wanted > have);
    CHECK(frame.wanted <= whole.size());
  }
  CHECK(next_frame(whole, limit).state == State::whole);
}

TEST_CASE("SM-1: replies are netstrings", "[core]") {
  std::string out = "x";
  append_netstring(out, "NOTFOUND ");
  append_netstring(out, "");
  CHECK(out == "x9:NOTFOUND ,0:,");
}

TEST_CASE("SM-1: a frame made in place is the same", "[core]") {
  for (std::size_t size : {0u, 1u, 9u, 10u, 99u, 378u, 100'000u}) {
    INFO(size);
    std::string payload(size, 'p'), copied, bytes(netstring_room, '?');
    append_netstring(copied, payload);
    bytes += payload;
    CHECK(frame_in_place(bytes) == copied);
  }
}
