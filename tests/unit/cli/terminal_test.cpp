#include "cli/terminal.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <sstream>

#include "tests/unit/cli/support.hpp"

namespace mtasts {

TEST_CASE("long text is broken at blanks, with an indent, and never loses a word", "[cli]") {
  CHECK(wrapped("short", 4) == "short");
  CHECK(wrapped("aa bb cc", 1, 5) == "aa bb\n cc");
  CHECK(wrapped("aaaa bbbb", 2, 4) == "aaaa\n  bbbb");
  CHECK(wrapped("aaaaaaaa bb", 2, 4) == "aaaaaaaa\n  bb");
  CHECK(wrapped("x   " + std::string(90, 'y'), 4) == "x   " + std::string(90, 'y'));
  CHECK(wrapped("", 4).empty());
}

TEST_CASE("the width of a terminal; anything else has no limit", "[cli]") {
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  winsize size{};
  CHECK(ioctl(terminal, TIOCSWINSZ, &size) == 0);
  CHECK(terminal_width(terminal, "") == 80);
  size.ws_col = 132;
  CHECK(ioctl(terminal, TIOCSWINSZ, &size) == 0);
  CHECK(terminal_width(terminal, "") == 132);
  CHECK(terminal_width(terminal, "100") == 100);
  for (std::string_view none : {"0", "-1", "80x", "99999999999999999999999"})
    CHECK(terminal_width(terminal, none) == 132);
  close(terminal);
  int no_terminal = open("/dev/null", O_RDONLY);
  CHECK(terminal_width(no_terminal, "80") == 0);
  close(no_terminal);
}

TEST_CASE("colours only when asked for", "[cli]") {
  test::Caught caught;
  Terminal terminal = caught.text();
  CHECK(terminal.paint(Colour::bad, "no") == "no");
  terminal.colour = true;
  CHECK(terminal.paint(Colour::bad, "no") == "\x1b[31mno\x1b[0m");
  CHECK(terminal.paint(Colour::plain, "no") == "no");
}

TEST_CASE("hostile bytes in a finding stay harmless", "[cli]") {
  test::Caught caught;
  print_findings(caught.text(), {{"code", Severity::error, "\x1b[31m\nfoo"}});
  CHECK(caught.out.str() == "error    \\x1b[31m\\x0afoo (code)\n");
}

}  // namespace mtasts
