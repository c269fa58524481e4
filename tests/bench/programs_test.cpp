// Runs the programs against each other.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "tests/unit/cli/support.hpp"

namespace mtasts {
namespace {

struct Outcome {
  int code = -1;
  std::string out;
};

// arguments is shell text.
Outcome run(const std::string& program, const std::string& arguments) {
  Outcome outcome;
  std::FILE* pipe = popen((program + " " + arguments).c_str(), "r");
  REQUIRE(pipe != nullptr);
  char part[4096];
  for (std::size_t count; (count = std::fread(part, 1, sizeof part, pipe)) > 0;)
    outcome.out.append(part, count);
  int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

// bench_limit on a unix socket; this value stops it when destroyed.
class RunningLimit {
 public:
  explicit RunningLimit(const std::string& option, const std::string& text)
      : address_("unix:" + (folder_ / "s")) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    process_ = fork();
    if (process_ == 0) {
      dup2(ready[1], STDOUT_FILENO);
      execl(BENCH_LIMIT, BENCH_LIMIT, "--listen", address_.c_str(), option.c_str(), text.c_str(), nullptr);
      _exit(127);
    }
    close(ready[1]);
    char line[6];
    REQUIRE(read(ready[0], line, sizeof line) == 6);
    close(ready[0]);
  }
  ~RunningLimit() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }
  RunningLimit(const RunningLimit&) = delete;
  RunningLimit& operator=(const RunningLimit&) = delete;

  Outcome load(const std::string& arguments) const {
    return run(BENCH_LOAD, "--connect " + address_ + " --server-pid " + std::to_string(process_) +
                               " --json " + arguments + " 2>/dev/null");
  }

 private:
  test::Folder folder_;
  std::string address_;
  pid_t process_ = -1;
};

}  // namespace

TEST_CASE("load against limit", "[bench]") {
  RunningLimit limit("--reply", "OK secure match=mx.example.com");
  auto order = GENERATE("uniform", "zipf");
  auto outcome =
      limit.load("--connections 8 --idle 100 --seconds 0.5 --warmup 0.1 --order " + std::string(order));
  CHECK(outcome.code == 0);
  auto found = boost::json::parse(outcome.out);
  CHECK(found.at("requests").to_number<std::uint64_t>() > 100);
  CHECK(found.at("status").at("OK") == found.at("requests"));
  CHECK(found.at("reply_bytes").to_number<double>() == 30);
  CHECK(found.at("closed_by_server").to_number<int>() == 0);
  CHECK(found.at("server_cpu_us_per_request").to_number<double>() > 0);
  CHECK(found.at("latency_us").at("p50").to_number<double>() > 0);
}

TEST_CASE("load: once asks each key once", "[bench]") {
  RunningLimit limit("--reply", "NOTFOUND ");
  std::string spin = GENERATE("", " --spin");
  auto outcome = limit.load("--connections 7 --order once --domains 1000" + spin);
  CHECK(outcome.code == 0);
  CHECK(boost::json::parse(outcome.out).at("status").at("NOTFOUND").to_number<int>() == 1000);
}

TEST_CASE("limit: several threads answer", "[bench]") {
  RunningLimit limit("--threads", "3");
  auto outcome = limit.load("--connections 7 --idle 20 --order once --domains 1000");
  CHECK(outcome.code == 0);
  CHECK(boost::json::parse(outcome.out).at("status").at("OK").to_number<int>() == 1000);
}

TEST_CASE("load: replies of every size arrive whole", "[bench]") {
  auto bytes = GENERATE(4, 1000, 100'000);
  RunningLimit limit("--bytes", std::to_string(bytes));
  auto outcome = limit.load("--connections 3 --order once --domains 300");
  CHECK(outcome.code == 0);
  CHECK(boost::json::parse(outcome.out).at("reply_bytes").to_number<int>() == bytes);
}

TEST_CASE("load: a wrong reply, or none, is exit 1", "[bench]") {
  struct Row {
    const char *option, *text, *field;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"--reply", "HELLO world", "status"},
      {"--raw", "OK without a frame", "errors"},
      {"--raw", "4:OK x,4:OK y,", "errors"},
      {"--raw", "9:OK half", "unanswered"},
  }));
  INFO(row.text);
  RunningLimit limit(row.option, row.text);
  auto outcome = limit.load("--connections 2 --seconds 1 --warmup 0 --timeout 0.2");
  CHECK(outcome.code == 1);
  auto field = boost::json::parse(outcome.out).at(row.field);
  if (field.is_object()) field = field.at("other");
  CHECK(field.to_number<std::uint64_t>() > 0);
}

TEST_CASE("load: no server is exit 2, bad options are exit 2", "[bench]") {
  auto arguments = GENERATE("--connect unix:/nonexistent/s", "--connect nowhere", "--connect",
                            "--connect unix:/nonexistent/s --pattern x", "--order sideways");
  CHECK(run(BENCH_LOAD, std::string(arguments) + " >/dev/null 2>&1").code == 2);
}

TEST_CASE("populate stores as many entries as it reports", "[bench]") {
  test::Folder folder;
  auto outcome =
      run(BENCH_POPULATE, "--path " + (folder / "cache") + " --domains 600 --kind mixed 2>/dev/null");
  CHECK(outcome.code == 0);
  auto found = boost::json::parse(outcome.out);
  CHECK(found.at("domains").to_number<int>() == 600);
  CHECK(found.at("policies").to_number<int>() == 300);
  CHECK(found.at("used_bytes").to_number<std::uint64_t>() > 600 * 100);
  CHECK(run(BENCH_POPULATE, "--path " + (folder / "c") + " --domains 2 --pattern '{}-' 2>/dev/null").code ==
        2);
}

}  // namespace mtasts
