#include "conf/resolv_conf.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace mtasts {
namespace {

using Names = std::vector<std::string>;

Names nameservers(std::string_view text) {
  Names names;
  for (const NameServer& each : parse_resolv_conf(text)) names.push_back(to_string(each));
  return names;
}

}  // namespace

TEST_CASE("resolv.conf(5): nameservers as glibc reads them", "[conf]") {
  struct Row {
    const char* why;
    std::string text;
    Names want;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"one", "nameserver 192.0.2.53\n", {"192.0.2.53"}},
      {"IPv6, no line end", "nameserver 2001:db8::53", {"2001:db8::53"}},
      {"tab, comment behind",
       "nameserver\t192.0.2.53 # ours\nnameserver 192.0.2.54;x\n",
       {"192.0.2.53", "192.0.2.54"}},
      {"at most three",
       "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
       {"192.0.2.1", "192.0.2.2", "192.0.2.3"}},
      {"comments and options",
       "# nameserver 192.0.2.9\n;x\noptions trust-ad edns0\nsearch example.com\nnameserver 192.0.2.53\n",
       {"192.0.2.53"}},
      {"not at the beginning of the line", " nameserver 192.0.2.9\n", {"127.0.0.1"}},
      {"no blank behind the word", "nameserver192.0.2.9\nnameservers 192.0.2.9\n", {"127.0.0.1"}},
      {"no address",
       "nameserver localhost\nnameserver\nnameserver \nnameserver 192.0.2.53\n",
       {"192.0.2.53"}},
      {"link-local with its interface", "nameserver fe80::1%eth0\n", {"fe80::1%eth0"}},
      {"and among others",
       "nameserver fe80::1%br-lan_0.7 # x\nnameserver 192.0.2.53\n",
       {"fe80::1%br-lan_0.7", "192.0.2.53"}},
      {"an interface's number", "nameserver FE80::1%2\n", {"fe80::1%2"}},
      {"link-local without interface", "nameserver fe80::1\n", {"fe80::1"}},
      {"no interface", "nameserver fe80::1%\n", {"fe80::1"}},
      {"not an interface", "nameserver fe80::1%\"e@0\n", {"fe80::1"}},
      {"too long for an interface", "nameserver fe80::1%e123456789abcdef\n", {"fe80::1"}},
      {"an interface without meaning", "nameserver 2001:db8::53%eth0\n", {"2001:db8::53"}},
      {"an interface of IPv4", "nameserver 192.0.2.9%eth0\nnameserver 192.0.2.53\n", {"192.0.2.53"}},
      {"CR LF", "nameserver 192.0.2.53\r\n", {"192.0.2.53"}},
      {"none", "search example.com\n", {"127.0.0.1"}},
      {"empty", "", {"127.0.0.1"}},
      {"noise", std::string("nameserver \0\xff\nnameserver 192.0.2.53\n", 36), {"192.0.2.53"}},
  }));
  INFO(row.why);
  CHECK(nameservers(row.text) == row.want);
}

TEST_CASE("SM-16: which resolv.conf Postfix reads", "[conf]") {
  struct Row {
    const char* why;
    Names sockets, there, want;
  };
  const std::string usual = "/var/spool/postfix/mtastsd/policy.sock";
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"the chroot's copy",
       {usual},
       {"/var/spool/postfix/etc/resolv.conf", "/etc/resolv.conf"},
       {"/var/spool/postfix/etc/resolv.conf"}},
      {"not chrooted", {usual}, {"/etc/resolv.conf"}, {"/etc/resolv.conf"}},
      {"another queue directory",
       {"/srv/q/mtastsd/policy.sock"},
       {"/srv/q/etc/resolv.conf", "/var/spool/postfix/etc/resolv.conf"},
       {"/srv/q/etc/resolv.conf"}},
      {"the nearest counts",
       {"/srv/q/m/s"},
       {"/srv/etc/resolv.conf", "/srv/q/etc/resolv.conf"},
       {"/srv/q/etc/resolv.conf"}},
      {"two instances",
       {"/srv/a/m/s", "/srv/b/m/s", "/srv/a/m/t"},
       {"/srv/a/etc/resolv.conf", "/srv/b/etc/resolv.conf"},
       {"/srv/a/etc/resolv.conf", "/srv/b/etc/resolv.conf"}},
      {"no unix socket", {}, {"/var/spool/postfix/etc/resolv.conf"}, {"/var/spool/postfix/etc/resolv.conf"}},
      {"nothing there", {"/s"}, {}, {"/etc/resolv.conf"}},
  }));
  INFO(row.why);
  std::vector<Endpoint> sockets{{Endpoint::Kind::inet, {}, {}, 8463}};
  for (const auto& path : row.sockets) sockets.push_back(unix_endpoint(path));
  auto exists = [&](const std::string& file) {
    return std::ranges::find(row.there, file) != row.there.end();
  };
  CHECK(postfix_resolv_confs(sockets, exists) == row.want);
}

}  // namespace mtasts
