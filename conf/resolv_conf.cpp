#include "conf/resolv_conf.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t most_nameservers = 3;  // MAXNS of <resolv.h>
constexpr std::string_view system_file = "/etc/resolv.conf";
constexpr std::string_view usual_copy = "/var/spool/postfix/etc/resolv.conf";

bool link_local(const Address& address) noexcept {  // RFC 4291 §2.4
  return address.v6 && address.octets[0] == 0xFE && (address.octets[1] & 0xC0) == 0x80;
}

// "192.0.2.53", "fe80::1%eth0". The interface of an address that is not link-local has no meaning.
std::optional<NameServer> read_server(std::string_view text) {
  auto percent = text.find('%');
  auto address = parse_address(text.substr(0, percent));
  if (!address || (percent != text.npos && !address->v6)) return std::nullopt;
  NameServer server{.address = *address};
  auto interface = percent == text.npos ? std::string_view() : text.substr(percent + 1);
  if (link_local(*address) && may_be_interface(interface)) server.interface = interface;
  return server;
}

// glibc wants the word at the beginning of the line, and blanks after it.
std::optional<NameServer> nameserver(std::string_view line) {
  constexpr std::string_view word = "nameserver";
  if (!line.starts_with(word)) return std::nullopt;
  line.remove_prefix(word.size());
  if (line.empty() || !is_blank(line.front())) return std::nullopt;
  line = trim_front(line);
  return read_server(line.substr(0, line.find_first_of(" \t\r;#")));
}

// "" if no folder above the socket has one.
std::string nearest_copy(std::string_view path, const std::function<bool(const std::string&)>& exists) {
  for (auto slash = path.rfind('/'); slash != std::string_view::npos && slash > 0;) {
    path = path.substr(0, slash);
    std::string file(path);
    file += system_file;
    if (exists(file)) return file;
    slash = path.rfind('/');
  }
  return {};
}

}  // namespace

std::vector<NameServer> parse_resolv_conf(std::string_view text) {
  std::vector<NameServer> found;
  while (!text.empty() && found.size() < most_nameservers) {
    auto end = std::min(text.find('\n'), text.size());
    if (auto server = nameserver(text.substr(0, end))) found.push_back(*std::move(server));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (found.empty()) found.push_back({.address = {.v6 = false, .octets = {127, 0, 0, 1}}});
  return found;
}

std::vector<std::string> postfix_resolv_confs(const std::vector<Endpoint>& sockets,
                                              const std::function<bool(const std::string&)>& exists) {
  std::vector<std::string> files;
  for (const Endpoint& endpoint : sockets) {
    if (endpoint.kind != Endpoint::Kind::unix_path) continue;
    std::string file = nearest_copy(endpoint.path, exists);
    if (!file.empty() && std::ranges::find(files, file) == files.end()) files.push_back(std::move(file));
  }
  if (files.empty()) files.emplace_back(exists(std::string(usual_copy)) ? usual_copy : system_file);
  return files;
}

}  // namespace mtasts
