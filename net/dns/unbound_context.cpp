#include "net/dns/unbound_context.hpp"

#include <cerrno>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "net/dns/private_zones.hpp"
#include "sys/descriptor_budget.hpp"
#include "sys/small_file.hpp"

namespace mtasts {
namespace {

struct Option {
  const char* name;  // with the colon (UB-10)
  const char* value;
};

// libunbound's defaults are made for one program's few lookups (UB-9). With the default of
// num-queries-per-thread, several hundred questions at once would push each other out with SERVFAIL.
// so-rcvbuf is not here, because it applies to listening sockets only, and libunbound has none; each outgoing
// query has a socket of its own, and so a buffer of its own.
constexpr Option busy_relay[] = {
    {"num-queries-per-thread:", "4096"},
    {"msg-cache-size:", "32m"},
    {"rrset-cache-size:", "64m"},
    {"key-cache-size:", "8m"},
    {"neg-cache-size:", "4m"},
    {"infra-cache-numhosts:", "50000"},
    {"prefetch-key:", "yes"},
    {"qname-minimisation:", "no"},  // a round trip for each label of
                                    // _25._tcp.mx.example.com (docs/adr/0007)
};

// A server that does not answer is asked less often than by default: nobody waits longer than [dns] timeout,
// and a query that goes on after that holds a socket for half a minute. Not for forwarders: if one lies or is
// silent, a good one must still be asked.
constexpr Option while_recursing[] = {{"outbound-msg-retry:", "2"}, {"max-sent-count:", "8"}};

constexpr std::size_t largest_file = 1 << 20;

// For a file that can't be opened, libunbound itself only says "initialization failure".
Result<std::string> read(const std::string& path, const char* key, const char* remedy) {
  auto text = read_file(path, largest_file + 1);
  if (text && !text->empty() && text->size() <= largest_file) return *std::move(text);
  std::string why = !text           ? std::generic_category().message(text.error())
                    : text->empty() ? "it is empty"
                                    : "it is larger than 1 MiB";
  return fail(Fault::config,
              "[dns] " + std::string(key) + ": can't read " + path + " (" + why + "); " + remedy);
}

// libunbound accepts a file without any anchor, and then nothing would ever be secure (UB-3).
bool names_anchor(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line.substr(0, line.find(';')));
    for (std::string field; fields >> field;) {
      if (field == "DS" || field == "DNSKEY" || field == "ds" || field == "dnskey") return true;
    }
  }
  return false;
}

std::unexpected<Error> bad_anchor(const std::string& path, std::string_view why) {
  return fail(Fault::config, "[dns] trust_anchor: can't use " + path + " (" + std::string(why) +
                                 "); it must hold DS or DNSKEY records in zone file format");
}

bool validates(const UnboundOptions& options) { return options.validate && !options.trust_anchor.empty(); }

Result<void> check_files(const UnboundOptions& options) {
  if (validates(options)) {
    auto text = read(options.trust_anchor, "trust_anchor",
                     "install dns-root-data, or name a file with the root's DS or DNSKEY records");
    if (!text) return std::unexpected(std::move(text.error()));
    if (!names_anchor(*text)) return bad_anchor(options.trust_anchor, "it has no DS or DNSKEY record");
  }
  if (options.root_hints.empty()) return {};
  auto text = read(options.root_hints, "root_hints", "leave it empty for the built-in root servers");
  if (!text) return std::unexpected(std::move(text.error()));
  return {};
}

Result<void> set(ub_ctx& ctx, const char* name, const char* value) {
  int status = ub_ctx_set_option(&ctx, name, value);
  if (status == UB_NOERROR) return {};
  return fail(Fault::config, "libunbound refuses \"" + std::string(name) + " " + value + "\" (" +
                                 ub_strerror(status) + "); libunbound 1.17 or later is needed");
}

Result<void> set_forwarders(ub_ctx& ctx, const std::vector<NameServer>& forward) {
  for (const NameServer& server : forward) {
    int status = ub_ctx_set_fwd(&ctx, to_string(server).c_str());
    if (status != UB_NOERROR)
      return fail(Fault::config, "[dns] forward: libunbound refuses " + to_string(server) + " (" +
                                     ub_strerror(status) + "); name another resolver");
  }
  return {};
}

Result<void> set_all(ub_ctx& ctx, std::span<const Option> options) {
  for (const Option& option : options)
    if (auto ok = set(ctx, option.name, option.value); !ok) return ok;
  return {};
}

Result<void> apply(ub_ctx& ctx, const UnboundOptions& options) {
  ub_ctx_debugout(&ctx, nullptr);  // otherwise it writes to stderr (UB-22); each answer says what matters
  ub_ctx_debuglevel(&ctx, 0);
  if (auto ok = set_all(ctx, busy_relay); !ok) return ok;
  if (options.forward.empty())
    if (auto ok = set_all(ctx, while_recursing); !ok) return ok;
  DescriptorBudget budget = descriptor_budget();
  auto sockets = set(ctx, "outgoing-range:", std::to_string(budget.dns).c_str());
  if (sockets) sockets = set(ctx, "outgoing-num-tcp:", std::to_string(budget.dns_tcp).c_str());
  if (!sockets) return sockets;
  bool local_zones = !options.private_zones.empty() && any_loopback(options.private_servers);
  // A delegation to loopback is an attack. A forwarder on loopback is usual.
  if (options.forward.empty() && !local_zones) {
    auto ok = set(ctx, "do-not-query-localhost:", "yes");
    if (!ok) return ok;
  }
  if (!options.root_hints.empty()) {
    auto ok = set(ctx, "root-hints:", options.root_hints.c_str());
    if (!ok) return ok;
  }
  if (validates(options)) ub_ctx_add_ta_file(&ctx, options.trust_anchor.c_str());
  auto zones = add_private_zones(ctx, options.private_zones, options.private_servers);
  if (!zones) return zones;
  return set_forwarders(ctx, options.forward);
}

// Removing data that is not there makes libunbound read the anchors, and in some versions after 1.17 the
// hints too.
bool initializes(ub_ctx& ctx) { return ub_ctx_data_remove(&ctx, "nothing.invalid.") == UB_NOERROR; }

bool anchor_can_be_read(const std::string& path) {
  UbCtx ctx(ub_ctx_create());
  return ctx && ub_ctx_add_ta_file(ctx.get(), path.c_str()) == UB_NOERROR && initializes(*ctx);
}

std::unexpected<Error> cannot_start(const UnboundOptions& options, int status) {
  std::string culprit = options.root_hints.empty() ? ""
                                                   : "; check that [dns] root_hints, " + options.root_hints +
                                                         ", has the format of IANA's named.root";
  return fail(Fault::config, std::string("libunbound can't start: ") + ub_strerror(status) + culprit);
}

// Makes libunbound read its files now rather than on the first call that needs them. A question that it
// answers by itself (UB-19) sets up its worker, hints included, and sends nothing.
Result<void> try_out(ub_ctx& ctx, const UnboundOptions& options) {
  if (!initializes(ctx)) {
    bool anchor = !options.trust_anchor.empty() && !anchor_can_be_read(options.trust_anchor);
    if (anchor) return bad_anchor(options.trust_anchor, ub_strerror(UB_INITFAIL));
    return cannot_start(options, UB_INITFAIL);
  }
  auto ignore = [](void*, int, void*, int, int, char*, int) {};
  int status = ub_resolve_event(&ctx, "localhost.", 1, 1, nullptr, ignore, nullptr);
  if (status != UB_NOERROR) return cannot_start(options, status);
  return {};
}

}  // namespace

Result<UbCtx> make_unbound_context(const UnboundOptions& options, ub_event_base& events) {
  auto files = check_files(options);
  if (!files) return std::unexpected(std::move(files.error()));
  UbCtx ctx(ub_ctx_create_ub_event(&events));
  if (!ctx) return fail(Fault::config, "libunbound can't start: out of memory or out of file descriptors");
  auto applied = apply(*ctx, options);
  if (!applied) return std::unexpected(std::move(applied.error()));
  auto tried = try_out(*ctx, options);
  if (!tried) return std::unexpected(std::move(tried.error()));
  return ctx;
}

}  // namespace mtasts
