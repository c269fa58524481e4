#include "service/log.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>

#include "sys/fd.hpp"
#include "tests/unit/lists.hpp"
#include "tests/unit/service/child.hpp"

using namespace mtasts;

namespace {

// A folder /dev of this process alone, with a socket for syslog in it. Closed: this host doesn't allow it.
Fd own_syslog() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", "/dev", "tmpfs", 0, nullptr) != 0)
    return {};
  Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/dev/log");
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

}  // namespace

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

TEST_CASE("syslog gets the name of the program that logs", "[log]") {
  constexpr int not_allowed = 77;
  auto end = test::in_child([] {
    Fd syslog = own_syslog();
    if (!syslog) return not_allowed;
    Log log({.target = LogConfig::Target::syslog}, "some-daemon");
    log.say(Log::Level::info, "start", "here");
    std::array<char, 512> line{};
    if (::recv(syslog.get(), line.data(), line.size() - 1, 0) <= 0) return 2;
    auto want = " some-daemon[" + std::to_string(::getpid()) + "]: info start text=here";
    return std::string_view(line.data()).ends_with(want) ? 0 : 1;
  });
  if (end.status == not_allowed) SKIP("this needs root and a mount namespace");
  CHECK(end.status == 0);
}
