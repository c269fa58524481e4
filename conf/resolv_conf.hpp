// resolv_conf - which resolvers a resolv.conf(5) names, and which such file is Postfix's own.
//
// Pure: text and paths in, values out. The text is hostile; any octets give 1 to 3 resolvers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "core/name_server.hpp"

namespace mtasts {

// The first three nameservers, as glibc reads them; 127.0.0.1 if there is none. Everything else is ignored,
// a malformed interface too: its address counts, but will hardly answer. All have port 53.
std::vector<NameServer> parse_resolv_conf(std::string_view text);

// The resolv.conf files of the smtp(8) that asks, chrooted or not (SM-16). A unix socket lies below Postfix's
// queue directory, where a chrooted Postfix has its own copy: the nearest folder above the socket (not "/")
// with an etc/resolv.conf. If no socket has one, the file is that of the usual queue directory, else
// /etc/resolv.conf. Several sockets may lead to several files; each is returned once.
std::vector<std::string> postfix_resolv_confs(const std::vector<Endpoint>& sockets,
                                              const std::function<bool(const std::string&)>& exists);

}  // namespace mtasts
