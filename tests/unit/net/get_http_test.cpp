#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdio>
#include <mutex>

#include "core/sts_policy.hpp"
#include "tests/unit/net/get_bench.hpp"
#include "tests/unit/virtual_time.hpp"

namespace mtasts {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

std::string chunks(std::size_t count, std::size_t size, const char* extension = "") {
  std::string text;
  char head[32];
  std::snprintf(head, sizeof head, "%zx", size);
  for (std::size_t i = 0; i < count; ++i)
    text += head + std::string(extension) + "\r\n" + std::string(size, 'x') + "\r\n";
  return text + "0\r\n\r\n";
}

TEST_CASE("without TLS only if the job says so, and with the same limits", "[net]") {
  auto plain = [](std::string_view answer) {
    std::string head;
    StreamServer server([&](Peer& peer) {
      head = peer.read_head();
      peer.write(answer);
      peer.hang_up();
    });
    FetchBench bench;
    bench.address("127.0.0.1");
    Url url{host, server.port(), "/.well-known/mta-sts.txt", true};
    auto got = run(bench.loop, get(bench.dns, bench.settings, {url}));
    return std::pair(std::move(got), std::move(head));
  };
  auto [good, head] = plain(sized(policy));
  REQUIRE(good);
  CHECK(good->body == policy);
  CHECK(head.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.good.example:"));
  CHECK_FALSE(plain(sized(std::string(max_policy_bytes + 1, 'x'))).first);
  CHECK(plain("HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n").first->status == 302);
}

TEST_CASE("STS-8: what is asked", "[net]") {
  std::mutex mutex;
  std::string head, name;
  auto answer = fetch_from([&, identity = good_identity()](Peer& peer) {
    if (!peer.start_tls(identity)) return;
    auto request = peer.read_head();
    std::lock_guard lock(mutex);
    head = request;
    name = peer.server_name();
    peer.write(sized(policy));
  });
  REQUIRE(answer);
  std::lock_guard lock(mutex);
  CHECK(name == host);
  CHECK(head.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.good.example"));
  CHECK(head.contains("\r\nUser-Agent: mtastsd/"));
  CHECK(head.contains("\r\nAccept: text/plain\r\n"));
  CHECK(head.contains("\r\nConnection: close\r\n"));
}

TEST_CASE("answers that are accepted", "[net]") {
  struct Row {
    const char* why;
    std::string text;
    unsigned status;
    std::string type, body;
  };
  std::string p(policy);
  std::string largest(max_policy_bytes, 'x');
  auto row = GENERATE_COPY(values<Row>({
      {"with a length", sized(p), 200, "text/plain", p},
      {"an empty body", sized(""), 200, "text/plain", ""},
      {"STS-12: the type is passed up as it is",
       ok("content-type: Text/PLAIN; charset=utf-8\r\nContent-Length: 1\r\n", "x"), 200,
       "Text/PLAIN; charset=utf-8", "x"},
      {"STS-12: no type", ok("Content-Length: 1\r\n", "x"), 200, "", "x"},
      {"the same type twice", ok("Content-Type: a/b\r\nContent-Type: a/b\r\nContent-Length: 1\r\n", "x"), 200,
       "a/b", "x"},
      {"chunked",
       ok("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\nTrailer: x\r\n\r\n"),
       200, "", "hello world"},
      {"no length, closed", ok("Content-Type: text/plain\r\n", p), 200, "text/plain", p},
      {"HTTP/1.0, no length", "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + p, 200, "text/plain",
       p},
      {"identity coding", ok("Content-Encoding: identity\r\nContent-Length: 1\r\n", "x"), 200, "", "x"},
      {"STS-13: 64 KiB exactly", sized(largest), 200, "text/plain", largest},
      {"STS-13: 64 KiB in chunks", ok("Transfer-Encoding: chunked\r\n", chunks(16, 4096)), 200, "", largest},
      {"RFC 9112 §4: no reason and no blank before it",
       "HTTP/1.1 200\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx", 200, "text/plain", "x"},
      {"a blank and no reason", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", 200, "", "x"},
      {"RFC 9112 §2.2: lines that end in LF alone",
       "HTTP/1.1 200 OK\nContent-Type: text/plain\nContent-Length: 1\n\nx", 200, "text/plain", "x"},
      {"line ends of both kinds", "HTTP/1.1 200\nContent-Type: text/plain\r\nContent-Length: 1\r\n\nx", 200,
       "text/plain", "x"},
      {"LF alone, and chunks", "HTTP/1.1 200\nTransfer-Encoding: chunked\n\n1\r\nx\r\n0\r\n\r\n", 200, "",
       "x"},
      {"an interim answer of the same kind", "HTTP/1.1 100\n\nHTTP/1.1 200\nContent-Length: 1\n\nx", 200, "",
       "x"},
      {"interim answers before it",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + sized(p), 200,
       "text/plain", p},
      {"STS-11: a redirect is an answer, not followed",
       "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.good.example/x\r\nContent-Length: 2\r\n\r\nhi", 301,
       "", ""},
      {"404", "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nno!", 404,
       "text/html", ""},
      {"404 with a large body that nobody reads",
       "HTTP/1.1 404 Not Found\r\nContent-Length: 99999999\r\n\r\n", 404, "", ""},
      {"204", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", ""},
      {"500 with a coding", "HTTP/1.1 500 Oops\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", 500,
       "", ""},
      {"101 is final", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 101, "", ""},
  }));
  INFO(row.why);
  auto answer = fetch_from(answering(row.text));
  if (!answer) FAIL(answer.error().detail);
  CHECK(answer->status == row.status);
  CHECK(answer->content_type == row.type);
  CHECK(answer->body == row.body);
}

TEST_CASE("answers that are refused", "[net]") {
  struct Row {
    const char* why;
    std::string text;
    const char* words;
  };
  std::string many_headers;
  for (int i = 0; i < 2000; ++i) many_headers += "X-" + std::to_string(i) + ": y\r\n";
  auto row = GENERATE_COPY(values<Row>({
      {"STS-13: too large by its length", sized(std::string(max_policy_bytes + 1, 'x')),
       "larger than 64 KiB"},
      {"STS-13: too large in chunks", ok("Transfer-Encoding: chunked\r\n", chunks(17, 4096)),
       "larger than 64 KiB"},
      {"STS-13: one huge chunk",
       ok("Transfer-Encoding: chunked\r\n", "7fffffff\r\n" + std::string(100'000, 'x')),
       "larger than 64 KiB"},
      {"STS-13: too large until the end", ok("", std::string(max_policy_bytes + 1, 'x')),
       "larger than 64 KiB"},
      {"huge length", ok("Content-Length: 18446744073709551615\r\n", "x"), "larger than 64 KiB"},
      {"chunk extensions that eat the line",
       ok("Transfer-Encoding: chunked\r\n", chunks(400, 1, (";a=" + std::string(4000, 'b')).c_str())),
       "256 KiB"},
      {"a flood of headers", ok(many_headers, ""), "16 KiB"},
      {"one long header", ok("X: " + std::string(20'000, 'y') + "\r\n", ""), "16 KiB"},
      {"interim answers without end",
       [] {
         std::string text;
         for (int i = 0; i < 1200; ++i)
           text += "HTTP/1.1 103 Early Hints\r\nLink: " + std::string(1000, 'x') + "\r\n\r\n";
         return text;
       }(),
       "256 KiB"},
      {"two types", ok("Content-Type: text/plain\r\nContent-Type: a/b\r\nContent-Length: 1\r\n", "x"),
       "different Content-Type"},
      {"two types, the first with a parameter",
       ok("Content-Type: text/plain; charset=utf-8\r\nContent-Type: text/html\r\nContent-Length: 1\r\n", "x"),
       "different Content-Type"},
      {"gzip", ok("Content-Encoding: gzip\r\nContent-Length: 3\r\n", "\x1f\x8b\x08"),
       "content coding \"gzip\""},
      {"identity and br", ok("Content-Encoding: identity\r\nContent-Encoding: br\r\n", "x"),
       "content coding \"br\""},
      {"gzip and chunked", ok("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
       "transfer coding \"gzip, chunked\""},
      {"gzip as the only transfer coding", ok("Transfer-Encoding: gzip\r\n", "x"),
       "transfer coding \"gzip\""},
      {"shorter than its length", ok("Content-Length: 100\r\n", "short"), "ended before the answer did"},
      {"chunks without an end", ok("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n"),
       "ended before the answer did"},
      {"no HTTP", "220 mx.good.example ESMTP\r\n\r\n", "it begins \"220 mx.good.example ESMTP\""},
      {"HTTP/2's first frame", std::string("\0\0\x12\4\0\0\0\0\0", 9) + "\r\n\r\n", "the answer is HTTP/2"},
      {"HTTP/2 in words", "HTTP/2 200\r\n\r\n", "it begins \"HTTP/2 200\""},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "it begins \"PRI * HTTP/2.0\""},
      {"a status below 100", "HTTP/1.1 099\r\n\r\n", "bad status line \"HTTP/1.1 099\""},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", "bad status line \"HTTP/1.1 20 OK\""},
      {"a status of four digits", "HTTP/1.1 2000\r\n\r\n", "bad status line \"HTTP/1.1 2000\""},
      {"HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", "bad status line \"HTTP/1.2 200 OK\""},
      {"a CR within a line", "HTTP/1.1 200 OK\nA: b\rc\n\n", ""},
      {"LF alone, and a name with a blank", "HTTP/1.1 200 OK\nA b: c\n\n", "bad field"},
      {"closes at once", "", "without an answer"},
      {"closes within the headers", "HTTP/1.1 200 OK\r\nContent-", "ended before the answer did"},
      {"two lengths", ok("Content-Length: 1\r\nContent-Length: 2\r\n", "xx"), "multiple Content-Length"},
      {"a length and chunks", ok("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), ""},
      {"no length in words", ok("Content-Length: one\r\n", "x"), "bad Content-Length"},
      {"negative chunk", ok("Transfer-Encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n"), "bad chunk"},
  }));
  INFO(row.why);
  auto answer = fetch_from(answering(row.text));
  REQUIRE(!answer);
  INFO(answer.error().detail);
  CHECK(answer.error().step == FetchStep::response);
  CHECK(answer.error().detail.starts_with("127.0.0.1: "));
  CHECK(answer.error().detail.contains(row.words));
}

TEST_CASE("a connection that is cut without close_notify does not end a policy", "[net]") {
  auto cut_after = [](std::string text) {
    return [text = std::move(text), identity = good_identity()](Peer& peer) {
      if (!peer.start_tls(identity)) return;
      peer.read_head();
      peer.write(text);
    };
  };
  SECTION("without a length it could be a truncated policy") {
    auto answer = fetch_from(cut_after(ok("", policy)));
    REQUIRE(!answer);
    CHECK(answer.error().step == FetchStep::response);
    CHECK(answer.error().detail.contains("close_notify"));
  }
  SECTION("with a length it is complete") {
    auto answer = fetch_from(cut_after(sized(policy)));
    REQUIRE(answer);
    CHECK(answer->body == policy);
  }
  SECTION("chunked is complete") {
    auto answer = fetch_from(cut_after(ok("Transfer-Encoding: chunked\r\n", chunks(1, 10))));
    REQUIRE(answer);
    CHECK(answer->body.size() == 10);
  }
}

TEST_CASE("one deadline for everything", "[net]") {
  struct Row {
    const char* why;
    PeerScript script;
    const char* step;
  };
  auto identity = good_identity();
  auto row = GENERATE_COPY(values<Row>({
      {"silent before TLS", [](Peer& peer) { peer.wait(600s); }, "TLS handshake"},
      {"silent after the request",
       [identity](Peer& peer) {
         peer.start_tls(identity);
         peer.wait(600s);
       },
       "HTTP response"},
      {"an octet now and then",
       [identity](Peer& peer) {
         peer.start_tls(identity);
         peer.read_head();
         peer.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
         while (!peer.stopping() && peer.write("x")) peer.wait(50ms);
       },
       "HTTP response"},
      {"a header now and then",
       [identity](Peer& peer) {
         peer.start_tls(identity);
         peer.write("HTTP/1.1 200 OK\r\n");
         while (!peer.stopping() && peer.write("X: y\r\n")) peer.wait(50ms);
       },
       "HTTP response"},
  }));
  INFO(row.why);
  StreamServer server(row.script);
  fake::VirtualTime virtual_time([&server] { return server.waiting(); });
  FetchBench bench;
  bench.address("127.0.0.1");
  bench.settings->timeout = 500ms;
  auto begin = steady_clock::now();
  auto answer = bench.fetch(server.port());
  auto took = steady_clock::now() - begin;
  REQUIRE(!answer);
  CHECK(answer.error().step == FetchStep::deadline);
  INFO(answer.error().detail);
  CHECK(answer.error().detail.contains(row.step));
  CHECK(took == 500ms);
}

TEST_CASE("many fetches at once on one loop", "[net]") {
  StreamServer server(answering(sized(policy)));
  FetchBench bench;
  bench.address("127.0.0.1");
  bench.settings->timeout = 60s;
  std::vector<std::shared_ptr<std::optional<Fetched>>> answers;
  for (int i = 0; i < 30; ++i) {
    Url url{host, server.port(), "/"};
    answers.push_back(start(bench.loop, get(bench.dns, bench.settings, {url})));
  }
  bench.loop.run();
  for (const auto& answer : answers) {
    REQUIRE(answer->has_value());
    CHECK((*answer)->has_value());
  }
}

TEST_CASE("a loop that goes away with a fetch in it", "[net]") {
  StreamServer server([](Peer& peer) { peer.wait(600s); });
  FetchBench bench;
  bench.address("127.0.0.1");
  Url url{host, server.port(), "/"};
  auto answer = start(bench.loop, get(bench.dns, bench.settings, {url}));
  run_for(bench.loop, 50ms);
  CHECK(!answer->has_value());
}

}  // namespace
}  // namespace mtasts
