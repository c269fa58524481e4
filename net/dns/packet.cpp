#include "net/dns/packet.hpp"

#include <arpa/nameser.h>
#include <resolv.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/text.hpp"

namespace mtasts {
namespace {

constexpr std::size_t mx_preference = 2, srv_numbers = 6, soa_numbers = 20;
// Without a SOA a denial does not say how long it is valid. Some load balancers send such denials.
constexpr std::uint32_t denial_without_soa = 300;

std::string_view without_final_dot(std::string_view name) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

std::string_view rdata_of(const ns_rr& record) noexcept {
  return std::string_view(reinterpret_cast<const char*>(ns_rr_rdata(record)), ns_rr_rdlen(record));
}

// Unpacks RDATA that consists of so many octets and a name, which may be compressed. nullopt: it is not a
// name, or more follows it.
std::optional<std::string> unpack(const ns_msg& message, const ns_rr& record, std::size_t before) {
  std::string_view rdata = rdata_of(record);
  if (rdata.size() <= before) return std::nullopt;
  std::array<unsigned char, NS_MAXCDNAME> name;
  const unsigned char* begin = ns_rr_rdata(record) + before;
  int used = ns_name_unpack(ns_msg_base(message), ns_msg_end(message), begin, name.data(), name.size());
  if (used < 0 || static_cast<std::size_t>(used) != rdata.size() - before) return std::nullopt;
  std::string out(rdata.substr(0, before));
  const unsigned char* end = name.data();
  while (*end != 0) end += *end + 1;
  return out.append(reinterpret_cast<const char*>(name.data()),
                    static_cast<std::size_t>(end - name.data()) + 1);
}

std::optional<std::string> plain_rdata(const ns_msg& message, const ns_rr& record) {
  switch (static_cast<RrType>(ns_rr_type(record))) {
    case RrType::ns:
    case RrType::cname: return unpack(message, record, 0);
    case RrType::mx: return unpack(message, record, mx_preference);
    case RrType::srv: return unpack(message, record, srv_numbers);  // RFC 2782 forbids it, but it occurs
    default: return std::string(rdata_of(record));
  }
}

// The target of an alias, as ns_parserr() writes names. nullopt: malformed.
std::optional<std::string> target_of(const ns_msg& message, const ns_rr& record) {
  std::array<char, NS_MAXDNAME> name;
  int used = ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(record), name.data(),
                                name.size());
  if (used != ns_rr_rdlen(record)) return std::nullopt;
  return std::string(name.data());
}

// How long a denial is valid: the smaller of the SOA's TTL and its last number (RFC 2308 §5). Of other
// records: the TTL.
std::uint32_t ttl_of(const ns_rr& record) noexcept {
  std::uint32_t ttl = ns_rr_ttl(record);
  if (ns_rr_type(record) != ns_t_soa || ns_rr_rdlen(record) < soa_numbers) return ttl;
  const unsigned char* minimum = ns_rr_rdata(record) + ns_rr_rdlen(record) - sizeof(std::uint32_t);
  return std::min(ttl, static_cast<std::uint32_t>(ns_get32(minimum)));
}

// An RRset has no two equal records (RFC 2181 §5).
std::vector<std::string> without_duplicates(std::vector<std::string> rdata) {
  std::set<std::string_view> seen;  // views into once, whose elements do not move
  std::vector<std::string> once;
  once.reserve(rdata.size());
  for (std::string& each : rdata) {
    if (seen.contains(each)) continue;
    once.push_back(std::move(each));
    seen.insert(once.back());
  }
  return once;
}

class AnswerReader {
 public:
  AnswerReader(std::string_view name, RrType type) : at_(name), type_(type) {}

  bool read(ns_msg& message) {
    for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
      ns_rr record;
      if (ns_parserr(&message, ns_s_an, i, &record) != 0 || !take(message, record)) return false;
    }
    if (found.rdata.empty() && !read_denial(message)) return false;
    found.rdata = without_duplicates(std::move(found.rdata));
    found.ttl = ttl_.value_or(denial_without_soa);
    return true;
  }

  PacketAnswer found;

 private:
  void shorten(std::uint32_t ttl) noexcept { ttl_ = std::min(ttl_.value_or(ttl), ttl); }

  // The chain is in order, and the records of its end come last.
  bool take(const ns_msg& message, const ns_rr& record) {
    shorten(ns_rr_ttl(record));
    if (ns_rr_class(record) != ns_c_in || !same_name(ns_rr_name(record), at_)) return true;
    if (ns_rr_type(record) == static_cast<unsigned>(type_)) {
      auto rdata = plain_rdata(message, record);
      if (!rdata) return false;
      found.rdata.push_back(*std::move(rdata));
      return true;
    }
    if (ns_rr_type(record) != ns_t_cname || !found.rdata.empty()) return true;
    auto target = target_of(message, record);
    if (!target) return false;
    at_ = *std::move(target);
    found.canonical = without_final_dot(at_);
    return true;
  }

  bool read_denial(ns_msg& message) {
    for (int i = 0; i < ns_msg_count(message, ns_s_ns); ++i) {
      ns_rr record;
      if (ns_parserr(&message, ns_s_ns, i, &record) != 0) return false;
      shorten(ttl_of(record));
    }
    return true;
  }

  std::string at_;  // the name that the chain has led to
  RrType type_;
  std::optional<std::uint32_t> ttl_;
};

}  // namespace

std::optional<PacketAnswer> read_answer(std::string_view packet, std::string_view name, RrType type) {
  ns_msg message;
  auto* bytes = reinterpret_cast<const unsigned char*>(packet.data());
  if (packet.size() > NS_MAXMSG || ns_initparse(bytes, static_cast<int>(packet.size()), &message) != 0)
    return std::nullopt;
  if (ns_msg_getflag(message, ns_f_tc) != 0) return std::nullopt;  // what is cut off is not denied
  AnswerReader reader(name, type);
  reader.found.rcode = static_cast<unsigned>(ns_msg_getflag(message, ns_f_rcode));
  if (!reader.read(message)) return std::nullopt;
  return std::move(reader.found);
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return equal_folded(without_final_dot(a), without_final_dot(b));
}

}  // namespace mtasts
