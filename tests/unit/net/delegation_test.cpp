#include "net/dns/delegation.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "tests/unit/net/dns_server.hpp"

namespace mtasts {
namespace {

using namespace std::string_literals;

const std::string ns = "\x20"s;                 // NS
const std::string ns_ds = "\x20\0\0\0\0\x10"s;  // NS, DS
const std::string ns_soa = "\x22"s;             // NS, SOA: the child's own apex
const std::string txt = "\0\0\x80"s;            // no delegation

std::string bitmap(const std::string& bits) { return "\0"s + static_cast<char>(bits.size()) + bits; }
std::string nsec(const std::string& types) { return dns_name("next.tld") + bitmap(types); }
std::string nsec3(const std::string& types, const std::string& salt = "\xAB\xCD"s) {
  return "\1\0\0\0"s + static_cast<char>(salt.size()) + salt + "\x14"s + std::string(20, 'h') + bitmap(types);
}

struct Rr {
  std::string owner;
  unsigned type;
  std::string rdata;
};

// An answer to "dead.tld DS" without records, with these in its authority section.
std::string packet(const std::vector<Rr>& authority) {
  std::string bytes = "\0\1\x81\xA0"s + dns_u16(1) + dns_u16(0) +
                      dns_u16(static_cast<unsigned>(authority.size())) + dns_u16(0) + dns_name("dead.tld") +
                      dns_u16(43) + dns_u16(1);
  for (const Rr& rr : authority)
    bytes += rr.owner + dns_u16(rr.type) + dns_u16(1) + "\0\0\0\x3C"s +
             dns_u16(static_cast<unsigned>(rr.rdata.size())) + rr.rdata;
  return bytes;
}

TEST_CASE("RFC 4035 §5.2, RFC 5155 §8.9: what a denial of DS proves", "[net]") {
  const std::string self = dns_name("dead.tld"), other = dns_name("a.tld"),
                    hash = dns_name(nsec3_hash("dead.tld", "\xAB\xCD", 0) + ".tld"),
                    bare_hash = dns_name(nsec3_hash("DEAD.tld.", "", 0) + ".tld"),
                    foreign = dns_name(nsec3_hash("dead.tld", "\xAB\xCD", 0) + ".elsewhere"),
                    of_parent = dns_name(nsec3_hash("tld", "\xAB\xCD", 0) + ".");
  const std::string pointer = "\xC0\x0C"s;  // to the question's name
  struct Row {
    const char* why;
    std::vector<Rr> authority;
    bool want;
  };
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"a delegation without DS", {{self, 47, nsec(ns)}}, true},
      {"its name compressed", {{pointer, 47, nsec(ns)}}, true},
      {"in upper case", {{dns_name("DEAD.TLD"), 47, nsec(ns)}}, true},
      {"beside others", {{other, 6, "x"}, {other, 47, nsec(txt)}, {self, 47, nsec(ns)}}, true},
      {"a name inside of the zone", {{self, 47, nsec(txt)}}, false},
      {"an empty non-terminal, covered by a delegation's record", {{other, 47, nsec(ns)}}, false},
      {"the child's apex", {{self, 47, nsec(ns_soa)}}, false},
      {"a delegation with DS", {{self, 47, nsec(ns_ds)}}, false},
      {"NSEC3 of a delegation", {{hash, 50, nsec3(ns)}}, true},
      {"NSEC3 without salt", {{bare_hash, 50, nsec3(ns, "")}}, true},
      {"NSEC3 of another name", {{dns_name("0p9mhaveqvm6t7vb.tld"), 50, nsec3(ns)}}, false},
      {"NSEC3 of another zone", {{foreign, 50, nsec3(ns)}}, false},
      {"NSEC3 of a name above", {{of_parent, 50, nsec3(ns)}}, false},
      {"a foreign NSEC3 beside NSEC", {{other, 47, nsec(ns)}, {hash, 50, nsec3(ns)}}, false},
      {"NSEC3 of a name inside of the zone", {{hash, 50, nsec3(txt)}}, false},
      {"NSEC3 with DS", {{hash, 50, nsec3(ns_ds)}}, false},
      {"two NSEC3, one the name's", {{hash, 50, nsec3(ns)}, {dns_name("x.tld"), 50, nsec3(txt)}}, true},
      {"two NSEC3, the other way round", {{dns_name("x.tld"), 50, nsec3(ns)}, {hash, 50, nsec3(txt)}}, false},
      {"nothing", {}, false},
      {"NSEC that is cut", {{self, 47, dns_name("next.tld")}}, false},
      {"a bitmap that says more than it has", {{self, 47, dns_name("next.tld") + "\0\x20\x20"s}}, false},
      {"NSEC3 that is cut", {{hash, 50, "\1\0\0\0\x08\xAB"s}}, false},
  }));
  INFO(row.why);
  CHECK(is_unsigned_delegation(packet(row.authority), "dead.tld.", true) == row.want);
}

TEST_CASE("RFC 5155 §9.2, RFC 9276: what a denial that counts as insecure proves", "[net]") {
  const std::string owner = dns_name("0p9mhaveqvm6t7vb.tld");
  auto with = [&](unsigned flags, unsigned iterations) {
    std::string rdata = nsec3(ns);
    rdata[1] = static_cast<char>(flags);
    rdata[2] = static_cast<char>(iterations >> 8);
    rdata[3] = static_cast<char>(iterations & 0xFF);
    return packet({{owner, 50, rdata}});
  };
  CHECK(is_unsigned_delegation(packet({}), "dead.tld", false));  // an unsigned zone
  CHECK(is_unsigned_delegation(with(1, 0), "dead.tld", false));  // opt-out
  CHECK(is_unsigned_delegation(with(1, 150), "dead.tld", false));
  CHECK_FALSE(
      is_unsigned_delegation(with(1, 151), "dead.tld", false));  // signed, but too expensive to validate
  CHECK_FALSE(is_unsigned_delegation(with(0, 500), "dead.tld", false));
  CHECK_FALSE(is_unsigned_delegation(with(0, 0), "dead.tld", false));
}

TEST_CASE("RFC 5155 App. A: hashed names", "[net]") {
  const std::string salt = "\xAA\xBB\xCC\xDD";
  CHECK(nsec3_hash("example", salt, 12) == "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom");
  CHECK(nsec3_hash("a.example", salt, 12) == "35mthgpgcu1qg68fab165klnsnk3dpvl");
  CHECK(nsec3_hash("NS1.example.", salt, 12) == "2t7b4g4vsa5smi47k61mv5bv1a22bojr");
  CHECK(nsec3_hash("a..example", salt, 12).empty());
}

TEST_CASE("a packet that can't be read proves nothing", "[net]") {
  const std::string whole = packet({{dns_name("dead.tld"), 47, nsec(ns)}});
  REQUIRE(is_unsigned_delegation(whole, "dead.tld", true));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(is_unsigned_delegation(whole.substr(0, size), "dead.tld", true));
  CHECK_FALSE(is_unsigned_delegation(std::string(70'000, '\0'), "dead.tld", true));
}

}  // namespace
}  // namespace mtasts
