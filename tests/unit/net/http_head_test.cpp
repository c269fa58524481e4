#include "net/https/http_head.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace mtasts {
namespace {

using namespace std::string_literals;
using Catch::Generators::values;

TEST_CASE("where a head ends", "[net]") {
  struct Row {
    std::string bytes;
    std::optional<std::size_t> want;
  };
  auto row = GENERATE(values<Row>({
      {"", std::nullopt},
      {"HTTP/1.1 200\r\n", std::nullopt},
      {"HTTP/1.1 200\r\n\r", std::nullopt},
      {"HTTP/1.1 200\r\n\r\n", 16},
      {"HTTP/1.1 200\n\n", 14},
      {"HTTP/1.1 200\n\r\nbody", 15},
      {"HTTP/1.1 200\nA: b\n\nx\n\n", 19},
      {"HTTP/1.1 200\r\n \r\n", std::nullopt},
  }));
  INFO(row.bytes);
  CHECK(head_size(row.bytes) == row.want);
  for (std::size_t searched = 0; searched <= row.bytes.size(); ++searched) {  // as its octets come in
    if (head_size(row.bytes.substr(0, searched))) break;
    INFO(searched);
    CHECK(head_size(row.bytes, searched) == row.want);
  }
}

TEST_CASE("a head in the one form that is read", "[net]") {
  struct Row {
    const char *head, *want;
  };
  auto row = GENERATE(values<Row>({
      {"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"},
      {"HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"},
      {"HTTP/1.0 404\n\r\n", "HTTP/1.0 404 \r\n\r\n"},
      {"HTTP/1.1 200 \r\n\n", "HTTP/1.1 200 \r\n\r\n"},
      {"HTTP/1.1 200\r\r\n\n", "HTTP/1.1 200\r\r\n\r\n"},
  }));
  INFO(row.head);
  CHECK(plain_head(row.head) == row.want);
}

TEST_CASE("the beginning of an answer is judged as far as it has come", "[net]") {
  struct Row {
    std::string bytes;
    const char* want;  // empty: nothing against it
  };
  auto row = GENERATE(values<Row>({
      {"", ""},
      {"H", ""},
      {"HTTP/1.", ""},
      {"HTTP/1.1 200 OK", ""},
      {"\0\0\x12"s, ""},
      {"\0\0\x12\4\0\0\0\0\0"s, "the answer is HTTP/2"},
      {"\0\0\x12\5\0\0\0\0\0"s, "\\x00\\x00\\x12"},
      {"HTTP/2", "the answer is HTTP/2"},
      {"http/1.1 200 OK\r\n", "it begins \"http/1.1 200 OK\""},
      {"<html>", "it begins \"<html>\""},
      {"ICY 200 OK\r\nA: b", "it begins \"ICY 200 OK\""},
  }));
  INFO(row.bytes);
  auto words = refuse_beginning(row.bytes);
  INFO(words);
  CHECK(words.empty() == (*row.want == '\0'));
  CHECK(words.contains(row.want));
}

}  // namespace
}  // namespace mtasts
