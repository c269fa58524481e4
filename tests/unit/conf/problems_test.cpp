#include "conf/problems.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

namespace mtasts {

TEST_CASE("a misspelt word finds its neighbour, an unrelated one finds none", "[conf]") {
  struct Row {
    std::string_view word, want;
  };
  static constexpr std::string_view keys[] = {"socketmap", "socket_mode", "workers", "timeout", "http"};
  auto row = GENERATE(Catch::Generators::values<Row>({{"soketmap", "socketmap"},
                                                      {"socket-mode", "socket_mode"},
                                                      {"wokrers", "workers"},
                                                      {"tiemout", "timeout"},
                                                      {"htpt", "http"},
                                                      {"colour", ""},
                                                      {"", ""},
                                                      {"x", ""}}));
  INFO(row.word);
  CHECK(nearest(row.word, keys) == row.want);
  CHECK(nearest(std::string(100'000, 'w'), keys).empty());
}

TEST_CASE("problems come in the order of the file, and their number is limited", "[conf]") {
  Problems problems("f.toml");
  problems.error(9, "b", "late");
  problems.error(2, "a", "early");
  problems.error(0, "", "whole");
  CHECK(problems.errors() == "f.toml: whole\nf.toml:2: a: early\nf.toml:9: b: late");
  for (unsigned i = 0; i < 1000; ++i) problems.error(10 + i, "k", "x");
  CHECK(problems.errors().ends_with("\nand 903 more"));
}

}  // namespace mtasts
