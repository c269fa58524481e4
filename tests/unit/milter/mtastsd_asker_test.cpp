// Asking mtastsd over real sockets: connections, maps, outages, hostile answers.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "milter/mtastsd_asker.hpp"
#include "tests/unit/folder.hpp"
#include "tests/unit/milter/socketmap_server.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::framed;
using test::SocketmapServer;
using Strings = std::vector<std::string>;

constexpr auto patient = 30s;  // far more than any answer takes

std::string json(std::string_view domain, std::string_view decision) {
  return framed(R"(OK {"domain":")" + std::string(domain) + R"(","decision":")" + std::string(decision) +
                R"(","reason":"why","detail":""})");
}

// As mtastsd: everything is secure and cached, but names that begin with "new".
std::optional<std::string> good(const std::string& request) {
  std::string key = request.substr(request.find(' ') + 1);
  if (request.starts_with("prefetch")) return framed(key.starts_with("new") ? "OK queued" : "OK cached");
  return json(key, "secure");
}

bool has(const Strings& all, std::string_view one) { return std::ranges::find(all, one) != all.end(); }

void wait_until(const std::function<bool()>& condition) {
  auto end = std::chrono::steady_clock::now() + patient;
  while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(1ms);
  REQUIRE(condition());
}

struct World {
  test::Folder folder;
  LogConfig quiet{.level = LogConfig::Level::error};
  Log log{quiet};
  std::string path = folder / "policy.sock";
  AskerSettings settings(std::string zone = {}) const { return {{unix_endpoint(path)}, std::move(zone)}; }
};

}  // namespace

TEST_CASE("questions go over one kept connection", "[milter]") {
  World world;
  SocketmapServer server(world.path, good);
  MtastsdAsker asker(world.settings(), world.log);
  for (std::string hop : {"a.example", "b.example", "c.example"}) {
    auto answers = asker.ask({&hop, 1}, patient, patient);
    REQUIRE(answers.at(0));
    CHECK(answers[0]->domain == hop);
    CHECK(answers[0]->verdict == Verdict::secure);
  }
  CHECK(server.connections() == 1);
  CHECK(server.requests() == Strings{"json a.example", "json b.example", "json c.example"});
}

TEST_CASE("answers to many questions keep their order", "[milter]") {
  World world;
  SocketmapServer server(world.path, good);
  MtastsdAsker asker(world.settings(), world.log);
  Strings hops;
  for (int i = 0; i < 200; ++i) hops.push_back("d" + std::to_string(i) + ".example");
  auto answers = asker.ask(hops, patient, patient);
  REQUIRE(answers.size() == hops.size());
  for (std::size_t i = 0; i < hops.size(); ++i) CHECK(answers[i].value().domain == hops[i]);
  CHECK(server.connections() <= 8);
}

TEST_CASE("a zone is part of the map names", "[milter]") {
  World world;
  SocketmapServer server(world.path, good);
  MtastsdAsker asker(world.settings("partners"), world.log);
  std::string hop = "a.example";
  CHECK(asker.ask_cached({&hop, 1}, patient).at(0));
  CHECK(server.requests() == Strings{"prefetch/partners a.example", "json/partners a.example"});
}

TEST_CASE("what is not cached is not waited for", "[milter]") {
  World world;
  SocketmapServer server(world.path, good);
  MtastsdAsker asker(world.settings(), world.log);
  Strings hops{"new.example", "a.example"};
  auto answers = asker.ask_cached(hops, patient);
  CHECK_FALSE(answers.at(0));
  CHECK(answers.at(1));
  CHECK_FALSE(has(server.requests(), "json new.example"));
}

TEST_CASE("a prefetch is sent once in a while for a next hop", "[milter]") {
  World world;
  SocketmapServer server(world.path, good);
  MtastsdAsker asker(world.settings(), world.log);
  for (int i = 0; i < 100; ++i) asker.prefetch("a.example");
  asker.prefetch("b.example");
  wait_until([&] { return has(server.requests(), "prefetch b.example"); });
  CHECK(server.requests() == Strings{"prefetch a.example", "prefetch b.example"});
}

TEST_CASE("a connection that mtastsd closed meanwhile is replaced", "[milter]") {
  World world;
  SocketmapServer server(world.path, good);
  MtastsdAsker asker(world.settings(), world.log);
  std::string hop = "a.example";
  CHECK(asker.ask({&hop, 1}, patient, patient).at(0));
  server.close_all();
  CHECK(asker.ask({&hop, 1}, patient, patient).at(0));
  CHECK(server.connections() == 2);
}

TEST_CASE("without mtastsd the answer is not known, and says why", "[milter]") {
  World world;
  MtastsdAsker asker(world.settings(), world.log);
  std::string hop = "a.example";
  auto answer = asker.ask({&hop, 1}, 100ms, 100ms).at(0);
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().detail, ContainsSubstring("can't be reached"));
  auto cached = asker.ask_cached({&hop, 1}, 100ms).at(0);
  REQUIRE_FALSE(cached);
  CHECK_THAT(cached.error().detail, ContainsSubstring("can't be reached"));
}

TEST_CASE("a question waits for mtastsd to come back", "[milter]") {
  World world;
  MtastsdAsker asker(world.settings(), world.log);
  std::optional<SocketmapServer> server;
  std::thread starts([&] {
    std::this_thread::sleep_for(300ms);  // the question is under way by then, or it works anyway
    server.emplace(world.path, good);
  });
  std::string hop = "a.example";
  auto answer = asker.ask({&hop, 1}, patient, patient).at(0);
  starts.join();
  CHECK(answer);
}

TEST_CASE("prefetches wait for mtastsd to come back", "[milter]") {
  World world;
  MtastsdAsker asker(world.settings(), world.log);
  asker.prefetch("a.example");
  asker.prefetch("b.example");
  std::string hop = "c.example";
  CHECK_FALSE(asker.ask_cached({&hop, 1}, 100ms).at(0));
  SocketmapServer server(world.path, good);
  wait_until([&] {
    auto all = server.requests();
    return has(all, "prefetch a.example") && has(all, "prefetch b.example");
  });
}

TEST_CASE("prefetches beyond a thousand push out the oldest", "[milter]") {
  World world;
  MtastsdAsker asker(world.settings(), world.log);
  for (int i = 0; i < 1500; ++i) asker.prefetch("d" + std::to_string(i) + ".example");
  CHECK(asker.dropped() > 0);
  CHECK(asker.dropped() <= 500);
}

TEST_CASE("hostile answers are not known, and never wait beyond the limit", "[milter]") {
  struct Row {
    std::string_view why;
    std::optional<std::string> octets;
  };
  std::string large = "100000000:" + std::string(1 << 20, 'x');
  for (const Row& row : {
           Row{"garbage", "HTTP/1.1 400 Bad Request\r\n\r\n"},
           Row{"a reply of 100 MB", large},
           Row{"no JSON", framed("OK nonsense")},
           Row{"another reply behind the first", framed("OK {}") + framed("OK {}")},
           Row{"TEMP", framed("TEMP why not")},
           Row{"PERM", framed("PERM no such map")},
           Row{"closes at once", ""},
           Row{"silence", std::nullopt},
       }) {
    World world;
    SocketmapServer server(world.path, [&](const std::string&) { return row.octets; });
    MtastsdAsker asker(world.settings(), world.log);
    std::string hop = "a.example";
    CAPTURE(row.why);
    auto begin = std::chrono::steady_clock::now();
    auto answer = asker.ask({&hop, 1}, 400ms, 400ms).at(0);
    CHECK_FALSE(answer);
    CHECK(std::chrono::steady_clock::now() - begin < 10s);  // the fault would be to wait for ever
    if (!answer) CHECK_FALSE(answer.error().detail.empty());
    CHECK_FALSE(asker.ask_cached({&hop, 1}, 50ms).at(0));
  }
}

TEST_CASE("a silent mtastsd is found out, and then nobody waits for it", "[milter]") {
  World world;
  SocketmapServer server(world.path, [](const std::string&) { return std::nullopt; });
  MtastsdAsker asker(world.settings(), world.log);
  std::string hop = "a.example";
  CHECK_FALSE(asker.ask({&hop, 1}, 50ms, 50ms).at(0));  // makes the thread ask something simple
  wait_until([&] { return has(server.requests(), "prefetch [127.0.0.1]"); });
  wait_until([&] {
    auto before = server.requests().size();
    auto answer = asker.ask_cached({&hop, 1}, 50ms).at(0);
    return !answer && server.requests().size() == before;
  });
}

TEST_CASE("of a list of next hops the weakest decision counts", "[milter]") {
  World world;
  SocketmapServer server(world.path, [](const std::string& request) -> std::optional<std::string> {
    if (request == "json bare.example") return json("bare.example", "none");
    if (request == "json bogus.example") return framed("TEMP bogus");
    return good(request);
  });
  MtastsdAsker asker(world.settings(), world.log);
  struct Row {
    std::string list;
    Sufficiency expected;
  };
  for (const Row& row :
       {Row{"[a.example]:25, [b.example]:25", Sufficiency::suffices},
        Row{"a.example, bare.example", Sufficiency::falls_short},
        Row{"bogus.example bare.example", Sufficiency::falls_short},
        Row{"a.example,bogus.example", Sufficiency::unknown}, Row{",", Sufficiency::suffices}}) {
    CAPTURE(row.list);
    CHECK(sufficiency_of(asker.ask({&row.list, 1}, patient, patient).at(0)) == row.expected);
  }
  asker.prefetch("new1.example, [new2.example]:587");
  wait_until([&] { return has(server.requests(), "prefetch [new2.example]:587"); });
  CHECK(has(server.requests(), "prefetch new1.example"));
}

TEST_CASE("a slow or broken answer is not taken for an outage", "[milter]") {
  World world;
  std::atomic<bool> slow{true};
  SocketmapServer server(world.path, [&](const std::string& request) -> std::optional<std::string> {
    if (!slow || request == "prefetch [127.0.0.1]") return good(request);
    if (request == "json broken.example") return "";
    std::this_thread::sleep_for(200ms);
    return good(request);
  });
  MtastsdAsker asker(world.settings(), world.log);
  std::string slow_one = "a.example", broken = "broken.example", other = "b.example";
  CHECK_FALSE(asker.ask_cached({&slow_one, 1}, 50ms).at(0));
  CHECK_FALSE(asker.ask({&broken, 1}, patient, patient).at(0));
  slow = false;
  CHECK(asker.ask({&other, 1}, patient, patient).at(0));
}

TEST_CASE("giving up ends a question under way", "[milter]") {
  World world;
  SocketmapServer server(world.path, [](const std::string&) { return std::nullopt; });
  MtastsdAsker asker(world.settings(), world.log);
  std::thread gives_up([&] {
    wait_until([&] { return has(server.requests(), "json a.example"); });
    asker.give_up();
  });
  std::string hop = "a.example";
  CHECK_FALSE(asker.ask({&hop, 1}, 10min, 10min).at(0));
  gives_up.join();
  auto after = asker.ask({&hop, 1}, 10min, 10min).at(0);
  REQUIRE_FALSE(after);
  CHECK(after.error().detail == "the milter is stopping");
}

TEST_CASE("after a reload a next hop is prefetched again", "[milter]") {
  World world;
  SocketmapServer server(world.path, good);
  MtastsdAsker asker(world.settings(), world.log);
  asker.prefetch("a.example");
  wait_until([&] { return has(server.requests(), "prefetch a.example"); });
  asker.use(world.settings("partners"));
  asker.prefetch("a.example");
  wait_until([&] { return has(server.requests(), "prefetch/partners a.example"); });
}

TEST_CASE("a reload leads the next question elsewhere", "[milter]") {
  World world;
  SocketmapServer one(world.path, good), other(world.folder / "other.sock", good);
  MtastsdAsker asker(world.settings(), world.log);
  std::string hop = "a.example";
  CHECK(asker.ask({&hop, 1}, patient, patient).at(0));
  asker.use({{unix_endpoint(world.folder / "other.sock")}, {}});
  CHECK(asker.ask({&hop, 1}, patient, patient).at(0));
  CHECK(other.requests() == Strings{"json a.example"});
}

}  // namespace mtasts
