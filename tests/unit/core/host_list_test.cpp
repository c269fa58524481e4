#include "core/host_list.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <iterator>
#include <string>
#include <vector>

#include "tests/unit/lists.hpp"

using namespace mtasts;
using mtasts::test::host_list;
using namespace std::chrono_literals;

static_assert(std::forward_iterator<HostListView::iterator>);

namespace {

const Time proved = Time(1'700'000'000s);

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

// Each host as one would say it: "f+mx.example u@1700000000".
std::vector<std::string> said(HostListView hosts) {
  std::vector<std::string> all;
  for (HostLine host : hosts) {
    std::string& text = all.emplace_back(1, static_cast<char>(host.state()));
    text.append(host.first_of_group() ? "+" : "=").append(host.name());
    if (auto proof = host.proof())
      text.append(" ")
          .append(1, static_cast<char>(proof->state))
          .append("@")
          .append(std::to_string(proof->at.time_since_epoch().count()));
  }
  return all;
}

}  // namespace

TEST_CASE("texts that are not lists of hosts", "[core]") {
  struct Row {
    const char* why;
    std::string_view text;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"a letter alone", "u"},
      {"no name", "u+"},
      {"a name alone", "a.x"},
      {"no state", "q+a.b"},
      {"NUL as a state", {"\0+a.b", 5}},
      {"no group", "u*a.b"},
      {"upper case", "u+A.b"},
      {"a high octet", "u+\xC3\xA4.b"},
      {"a control", "u+a\tb"},
      {"NUL in a name", {"u+a\0b", 5}},
      {"a blank in a name", "u+a b"},
      {"a line end alone", "\n"},
      {"a line end before the first", "\nu+a.b"},
      {"a line end behind the last", "u+a.b\n"},
      {"an empty line", "u+a.b\n\nu+c.d"},
      {"CRLF", "u+a.b\r\nu+c.d"},
      {"the second line is none", "u+a.b\nc.d"},
      {"a blank and no proof", "f+a.b "},
      {"a proof without its time", "f+a.b u"},
      {"a proof before the name", "f+ u1"},
      {"a proof by a failure", "f+a.b f1"},
      {"a proof by an earlier build's failure", "f+a.b F1"},
      {"a proof of a host not asked", "f+a.b -1"},
      {"a negative time", "f+a.b u-1"},
      {"a time with something behind it", "f+a.b u1x"},
      {"a blank behind the time", "f+a.b u1 "},
      {"a time of 13 digits", "f+a.b u1234567890123"},
      {"a time with a zero before it", "f+a.b u01"},
      {"two proofs", "f+a.b u1 u1"},
  }));
  INFO(row.why);
  CHECK_FALSE(HostListView::parse(row.text));
}

TEST_CASE("the hosts of a list in their order", "[core]") {
  struct Row {
    const char* why;
    std::string_view text;
    std::vector<std::string> want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"none", "", {}},
      {"one", "u+mx.example.com", {"u+mx.example.com"}},
      {"two of one preference", "u+a.x\n0=b.x", {"u+a.x", "0=b.x"}},
      {"every state",
       "u+a\nn=a\n0+a\ni=a\nf+a\nF=a\nx+a\n-=a",
       {"u+a", "n=a", "0+a", "i=a", "f+a", "F=a", "x+a", "-=a"}},
      {"a name with \"_\"", "u+_mx_1.x", {"u+_mx_1.x"}},
      {"what an earlier build took for a name", "u+-.", {"u+-."}},
      {"a proof behind a failed host, in the middle",
       "u+a.x\nf=b.x n1700000000\n0+c.x",
       {"u+a.x", "f=b.x n@1700000000", "0+c.x"}},
      {"every proof",
       "f+a u0\nf+a n1\nf+a 01\nf+a i12\nf+a x999999999999",
       {"f+a u@0", "f+a n@1", "f+a 0@1", "f+a i@12", "f+a x@999999999999"}},
  }));
  INFO(row.why);
  auto hosts = HostListView::parse(row.text);
  REQUIRE(hosts);
  CHECK(said(*hosts) == row.want);
  CHECK(hosts->text() == row.text);
  CHECK(hosts->empty() == row.want.empty());
  CHECK(HostList(*hosts).text() == row.text);
}

TEST_CASE("a list made host by host", "[core]") {
  HostList hosts;
  CHECK(hosts.empty());
  CHECK(hosts == HostList());
  hosts.append(HostState::usable, true, name("MX1.example.com."));
  hosts.append(HostState::failed, false, name("mx_2.example.com"), HostProof{HostState::unusable, proved});
  CHECK(hosts.text() == "u+mx1.example.com\nf=mx_2.example.com n1700000000");
  CHECK(hosts == host_list(hosts.text()));
  CHECK(hosts != HostList());
}

TEST_CASE("whatever proof is appended, the list stays valid", "[core]") {
  struct Row {
    HostProof proof;
    const char* want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {{HostState::usable, proved}, "f+a.x u1700000000"},
      {{HostState::none, Time{}}, "f+a.x 00"},
      {{HostState::insecure, Time::min()}, "f+a.x i0"},
      {{HostState::unreachable, Time::max()}, "f+a.x x999999999999"},
      {{HostState::failed, proved}, "f+a.x"},
      {{HostState::lost, proved}, "f+a.x"},
      {{HostState::not_asked, proved}, "f+a.x"},
  }));
  HostList hosts;
  hosts.append(HostState::failed, true, name("a.x"), row.proof);
  CHECK(hosts.text() == row.want);
  CHECK(HostListView::parse(hosts.text()));
}

TEST_CASE("a hundred of the longest names", "[core]") {
  const std::string labels = std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
  HostList hosts;
  std::vector<std::string> want;
  for (int i = 0; i < 100; ++i) {
    std::string host = std::to_string(100 + i) + std::string(60, 'a') + "." + labels;
    REQUIRE(name(host).str().size() == DomainName::max_size);
    hosts.append(HostState::failed, i % 3 == 0, name(host), HostProof{HostState::usable, proved});
    want.push_back((i % 3 == 0 ? "f+" : "f=") + host + " u@1700000000");
  }
  CHECK(said(hosts) == want);
  CHECK(HostListView::parse(hosts.text()) == HostListView(hosts));
}
