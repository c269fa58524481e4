// The texts of replies, and how they are handed to libmilter.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "milter/refusal.hpp"

namespace mtasts {

using Catch::Matchers::ContainsSubstring;

TEST_CASE("every % is doubled for libmilter, and none is cut in half", "[milter]") {
  CHECK(for_libmilter("100% sure") == "100%% sure");
  CHECK(for_libmilter("") == "");
  auto long_text = for_libmilter(std::string(979, 'x') + "%");
  CHECK(long_text == std::string(979, 'x'));
  CHECK(for_libmilter(std::string(2000, '%')).size() == 980);
}

TEST_CASE("a reply names as many recipients as fit", "[milter]") {
  std::string long_name(200, 'n'), reason(150, 'r');
  std::vector<Failing> failing(10, {long_name, "a.example", reason});
  auto refusal = refuse_message({550, "5.7.10"}, "REQUIRETLS", failing, 40, true);
  CHECK(refusal.text.size() <= longest_reply_text);
  CHECK_THAT(refusal.text, ContainsSubstring(" and 3"));
  CHECK(refusal.text.ends_with(" more"));
}

TEST_CASE("one recipient is named even if it does not fit", "[milter]") {
  std::vector<Failing> failing(1, {std::string_view("<a@b>"), "a.example", "r"});
  std::string reason(2000, 'r');
  failing[0].reason = reason;
  auto refusal = refuse_message({550, "5.7.10"}, "REQUIRETLS", failing, 1, true);
  CHECK_THAT(refusal.text, ContainsSubstring("<a@b>"));
  CHECK(refusal.text.size() <= longest_reply_text);
}

TEST_CASE("the path's own brackets are not repeated", "[milter]") {
  for (std::string_view path : {"<a@b.example>", "a@b.example"}) {
    auto refusal = refuse_off_policy({450, "4.7.5"}, {path, "b.example", {}});
    CHECK(refusal.text.starts_with("<a@b.example>: "));
  }
}

}  // namespace mtasts
