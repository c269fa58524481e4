#include "net/smtp/reply.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using Catch::Generators::values;

namespace mtasts {
namespace {

using State = ReplyReader::State;
using Lines = std::vector<std::string>;
using namespace std::string_view_literals;

TEST_CASE("replies that are read", "[net]") {
  struct Row {
    const char* why;
    std::string_view octets;
    SmtpReply want;
  };
  auto row = GENERATE(values<Row>({
      {"one line", "220 mx.example ESMTP\r\n", {220, {"mx.example ESMTP"}}},
      {"no text", "220\r\n", {220, {""}}},
      {"a blank and no text", "220 \r\n", {220, {""}}},
      {"several lines",
       "250-mx.example\r\n250-SIZE 1\r\n250 STARTTLS\r\n",
       {250, {"mx.example", "SIZE 1", "STARTTLS"}}},
      {"an empty line among them", "250-\r\n250 x\r\n", {250, {"", "x"}}},
      {"lone LF", "250-a\n250 b\n", {250, {"a", "b"}}},
      {"several CRs before the LF", "250 a\r\r\n", {250, {"a"}}},
      {"the code changes: the last one counts, as in Postfix", "220-a\r\n421 b\r\n", {421, {"a", "b"}}},
      {"a NUL and high octets are text", "250 a\0\xff\x80\r\n"sv, {250, {std::string("a\0\xff\x80", 4)}}},
      {"a CR inside becomes a question mark", "250 START\rTLS\r\n", {250, {"START?TLS"}}},
      {"blanks stay", "250   a  \r\n", {250, {"  a  "}}},
      {"the least code", "200 x\r\n", {200, {"x"}}},
      {"the greatest code", "599 x\r\n", {599, {"x"}}},
  }));
  INFO(row.why);
  ReplyReader reader;
  CHECK(reader.read(row.octets) == row.octets.size());
  REQUIRE(reader.state() == State::whole);
  CHECK(reader.take_reply() == row.want);
  CHECK(reader.state() == State::partial);
}

TEST_CASE("what is not SMTP", "[net]") {
  struct Row {
    const char* why;
    std::string_view octets;
    std::string_view evidence;
  };
  auto row = GENERATE(values<Row>({
      {"HTTP", "HTTP/1.1 400 Bad Request\r\n", "HTTP/1.1 400 Bad Request"},
      {"an empty line", "\r\n", ""},
      {"a lone LF", "\n", ""},
      {"two digits", "22\r\n", "22"},
      {"four digits", "2200 x\r\n", "2200 x"},
      {"a letter after the code", "220x\r\n", "220x"},
      {"a tab after the code", "220\tx\r\n", "220\tx"},
      {"a CR after the code, and text", "220\rx\r\n", "220\rx"},
      {"a blank before the code", " 220 x\r\n", " 220 x"},
      {"a code that SMTP has not", "199 x\r\n", "199 x"},
      {"another", "600 x\r\n", "600 x"},
      {"in the second line", "220-a\r\nfoo\r\n", "foo"},
      {"a NUL before the code", "\000220 x\r\n"sv, "\000220 x"sv},
  }));
  INFO(row.why);
  ReplyReader reader;
  CHECK(reader.read(row.octets) == row.octets.size());
  CHECK(reader.state() == State::garbage);
  CHECK(reader.evidence() == row.evidence);
  CHECK(reader.read("220 x\r\n") == 0);
}

TEST_CASE("garbage without a line end ends too", "[net]") {
  ReplyReader reader;
  std::string octets(1000, 'x');
  CHECK(reader.read(octets) == 80);
  CHECK(reader.state() == State::garbage);
}

TEST_CASE("a reader whose connection has ended knows a bad beginning from a good one", "[net]") {
  struct Row {
    std::string_view octets;
    bool bad;
  };
  auto row = GENERATE(values<Row>({{"", false},
                                   {"2", false},
                                   {"220", false},
                                   {"220\r", false},
                                   {"220-x\r\n", false},
                                   {"220 x", false},
                                   {"\x15\x03\x01", true},
                                   {"220-x\r\nS", true},
                                   {"22x", true}}));
  ReplyReader reader;
  reader.read(row.octets);
  CHECK(reader.state() == State::partial);
  CHECK(reader.begins_badly() == row.bad);
}

TEST_CASE("one reply after the other, however the octets are split", "[net]") {
  constexpr auto octets = "220 hello\r\n250-mx\n250 STARTTLS\r\n220 go\r\nsurplus"sv;
  const std::vector<SmtpReply> want{{220, {"hello"}}, {250, {"mx", "STARTTLS"}}, {220, {"go"}}};
  for (std::size_t part = 1; part <= octets.size(); ++part) {
    INFO(part);
    ReplyReader reader;
    std::vector<SmtpReply> replies;
    std::size_t at = 0, end = 0;
    while (replies.size() < want.size()) {
      end = std::max(end, std::min(at + part, octets.size()));
      at += reader.read(octets.substr(at, end - at));
      if (reader.state() == State::whole) replies.push_back(reader.take_reply());
    }
    CHECK(replies == want);
    CHECK(octets.substr(at) == "surplus");
  }
}

TEST_CASE("the limit on octets is for all replies together", "[net]") {
  ReplyReader reader({.octets = 20, .lines = 100});
  CHECK(reader.read("220 6789\r\n") == 10);
  reader.take_reply();
  CHECK(reader.read("250 6789\r\nx") == 10);
  CHECK(reader.state() == State::whole);
  reader.take_reply();
  CHECK(reader.read("2") == 0);
  CHECK(reader.state() == State::too_long);
}

TEST_CASE("the limit on lines is for all replies together", "[net]") {
  ReplyReader reader({.octets = 1000, .lines = 3});
  reader.read("220-a\r\n220 b\r\n");
  reader.take_reply();
  reader.read("250 c\r\n");
  CHECK(reader.state() == State::whole);
  reader.take_reply();
  reader.read("250 d\r\n");
  CHECK(reader.state() == State::too_long);
}

TEST_CASE("64 KiB and 512 lines are the limits, and no more is ever taken", "[net]") {
  ReplyReader octets, lines, whole;
  CHECK(octets.read("220 " + std::string(10'000'000, 'x')) == 64 * 1024);
  CHECK(octets.state() == State::too_long);
  std::string endless;
  for (int i = 0; i < 10000; ++i) endless += "220-x\r\n";
  CHECK(lines.read(endless) == 513 * 7);
  CHECK(lines.state() == State::too_long);
  whole.read("220 " + std::string(64 * 1024 - 6, 'x') + "\r\n");
  CHECK(whole.state() == State::whole);
}

TEST_CASE("what an EHLO reply offers", "[net]") {
  struct Row {
    const char* why;
    Lines lines;
    bool offered;
  };
  auto row = GENERATE(values<Row>({
      {"as it should be", {"mx.example", "SIZE", "STARTTLS"}, true},
      {"lower case", {"mx.example", "starttls"}, true},
      {"with parameters", {"mx.example", "STARTTLS REQUIRED"}, true},
      {"with parameters after a sign of equality", {"mx.example", "STARTTLS=1"}, true},
      {"after blanks", {"mx.example", "  STARTTLS"}, true},
      {"not there", {"mx.example", "SIZE"}, false},
      {"as the name of the server", {"STARTTLS"}, false},
      {"X-STARTTLS", {"mx.example", "X-STARTTLS"}, false},
      {"mangled by a firewall", {"mx.example", "XXXXXXXA"}, false},
      {"as a parameter", {"mx.example", "X STARTTLS"}, false},
      {"a longer word", {"mx.example", "STARTTLS2"}, false},
      {"nothing", {}, false},
  }));
  INFO(row.why);
  CHECK(offers({250, row.lines}, "STARTTLS") == row.offered);
}

}  // namespace
}  // namespace mtasts
