// resolv_conf - which resolvers a resolv.conf(5) names, and which such file is Postfix's own.
//
// Pure: text and paths in, values out. The text is hostile: any octets give 1 to 3 resolvers.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "core/name_server.hpp"

namespace mtasts {

// The first three nameservers, as glibc takes them; 127.0.0.1 if there is none. Everything else is passed
// over, also an interface that can't be one (the address stands, but will hardly answer). All are of port 53.
std::vector<NameServer> parse_resolv_conf(std::string_view text);

// Where the smtp(8) that asks looks, chrooted or not (SM-16). Each unix socket lies below Postfix's queue
// directory, and a chrooted Postfix has a copy there: the nearest folder above the socket (not "/") with an
// etc/resolv.conf. None: the usual queue directory's, else /etc/resolv.conf. Several sockets may lead to
// several files; each stands in the result once.
std::vector<std::string> postfix_resolv_confs(const std::vector<Endpoint>& sockets,
                                              const std::function<bool(const std::string&)>& exists);

}  // namespace mtasts
