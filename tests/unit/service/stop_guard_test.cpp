#include "service/stop_guard.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/service/child.hpp"

using namespace std::chrono_literals;

namespace mtasts {
namespace {

// A stop that never ends by itself.
int hang() {
  ::raise(SIGTERM);
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("a stop that takes too long is ended, and the log is told why", "[stop_guard]") {
  auto end = test::in_child([] {
    StopGuard guard("some-daemon", 1ms, [](std::string_view line) {
      auto text = "told: " + std::string(line) + "\n";
      if (::write(STDERR_FILENO, text.data(), text.size()) < 0) ::_exit(2);
    });
    guard.waits_for("the last letter");
    return hang();
  });
  CHECK(end.status == 1);
  CHECK(end.errors ==
        "told: stopping takes too long: still waiting for the last letter; the process ends now\n");
}

TEST_CASE("without a log the guard writes to standard error, under the program's name", "[stop_guard]") {
  auto end = test::in_child([] {
    StopGuard guard("some-daemon", 1ms, [](std::string_view) { ::_exit(2); });
    guard.forget_tell();
    return hang();
  });
  CHECK(end.status == 1);
  CHECK(end.errors ==
        "some-daemon: stopping takes too long: still waiting for the main thread; the process ends now\n");
}

TEST_CASE("a stop that is complete in time is left alone", "[stop_guard]") {
  auto end = test::in_child([] {
    StopGuard guard("some-daemon", 1h, [](std::string_view) { ::_exit(2); });
    ::raise(SIGTERM);
    return 0;
  });
  CHECK(end.status == 0);
  CHECK(end.errors.empty());
}

}  // namespace mtasts
