#include "service/log.hpp"

#include "tests/unit/lists.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace mtasts;

TEST_CASE("a log line is one printable line, in text and in JSON", "[log]") {
  using Format = LogConfig::Format;
  auto text = [](std::initializer_list<LogField> fields) {
    return format_event(Format::text, "T", Log::Level::info, "answer", fields);
  };
  CHECK(text({{"domain", "a.example"}, {"ms", std::int64_t{12}}}) == "T info answer domain=a.example ms=12");
  CHECK(text({{"answer", "OK secure"}}) == "T info answer answer=\"OK secure\"");
  CHECK(text({{"empty", ""}}) == "T info answer");
  CHECK(text({{"evil", "a\nb\"c"}}).find('\n') == std::string::npos);
  CHECK(text({{"path", "C:\\new \"x\""}}) == R"(T info answer path="C:\\new \"x\"")");
  CHECK(text({{"escape", "a\x01"}}) == R"(T info answer escape="a\\x01")");
  const MxList mx = test::mx_list("a.example\n*.b.example");
  CHECK(text({{"mx", mx}}) == "T info answer mx=a.example,*.b.example");
  CHECK(text({{"mx", MxListView()}}) == "T info answer");
  CHECK(format_event(Format::json, "T", Log::Level::info, "policy", {{"mx", mx}}) ==
        R"({"time":"T","level":"info","event":"policy","mx":["a.example","*.b.example"]})");
  CHECK(text({{"long", std::string(5000, 'x')}}).size() < 1100);
  CHECK(format_event(Format::json, "T", Log::Level::warning, "fetch",
                     {{"reason", "a\"b"}, {"ms", std::int64_t{1}}}) ==
        R"({"time":"T","level":"warning","event":"fetch","reason":"a\"b","ms":1})");
}
