#include "resolver/ad_check.hpp"

#include <algorithm>
#include <filesystem>

#include "conf/resolv_conf.hpp"
#include "lookup/gather.hpp"
#include "sys/small_file.hpp"

namespace mtasts {
namespace {

// "192.0.2.53, 192.0.2.54 (/etc/resolv.conf)"; empty: none of them did.
std::string who(const std::vector<AdResult>& results, AdSeen seen) {
  std::string text, file;
  for (const AdResult& each : results) {
    if (each.seen != seen) continue;
    if (!file.empty() && file != each.file) text += " (" + file + ")";
    text += (text.empty() ? "" : ", ") + to_string(NameServer{each.probe.server, each.probe.interface});
    file = each.file;
  }
  return text.empty() ? text : text + " (" + file + ")";
}

bool is_file(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

}  // namespace

AdFinding judge_ad_results(const std::vector<AdResult>& results) {
  std::string with = who(results, AdSeen::yes), bare = who(results, AdSeen::no),
              silent = who(results, AdSeen::no_answer);
  if (!bare.empty()) {
    return {.postfix_dane = false,
            .answered = true,
            .detail =
                "no AD from " + bare +
                ": Postfix can't do DANE through it; run a validating resolver such as unbound on this host"};
  }
  std::string tail = silent.empty() ? "" : "; no answer from " + silent;
  if (!with.empty()) return {.postfix_dane = true, .answered = true, .detail = "AD from " + with + tail};
  return {.postfix_dane = false,
          .answered = false,
          .detail = "no usable answer from Postfix's resolvers " + silent +
                    "; check that one of them is up and that this host may ask it"};
}

std::vector<AdResult> postfix_resolvers(const std::vector<Endpoint>& sockets) {
  std::vector<AdResult> found;
  for (const std::string& file : postfix_resolv_confs(sockets, is_file)) {
    for (const auto& [address, interface, port] : parse_resolv_conf(text_of_file(file))) {
      auto same = [&](const AdResult& each) {
        return each.probe.server == address && each.probe.interface == interface;
      };
      if (std::ranges::none_of(found, same))
        found.push_back({.probe = {.server = address, .interface = interface, .port = port}, .file = file});
    }
  }
  return found;
}

boost::asio::awaitable<AdFinding> check_ad(std::vector<AdResult> resolvers) {
  std::vector<boost::asio::awaitable<AdSeen>> probes;
  for (const AdResult& each : resolvers) probes.push_back(probe_ad(each.probe));
  auto seen = co_await gather(std::move(probes), nullptr);
  for (std::size_t i = 0; i < seen.size(); ++i) resolvers[i].seen = seen[i].value_or(AdSeen::no_answer);
  co_return judge_ad_results(resolvers);
}

}  // namespace mtasts
