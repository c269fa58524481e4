// direct_question - the NameServers port: one UDP question to a name server, and what it says about a name
// that it is responsible for.
//
// Not through libunbound: it hides whether an answer is authoritative, asks again if there is none, and
// follows aliases that the server is not responsible for. The question has neither RD nor DO, and a random
// id.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/address.hpp"
#include "core/dns_answer.hpp"
#include "ports/name_servers.hpp"

namespace mtasts {

struct DirectOptions {
  std::vector<Cidr> allow_addresses;        // of special use that may be asked
  std::chrono::milliseconds timeout{2000};  // of a question
  std::uint16_t port = 53;
};

std::unique_ptr<NameServers> make_name_servers(DirectOptions options);

// The question in wire form (RFC 1035 §4.1, RFC 6891 §6.1). REQUIRES: refuse_name() accepts the name.
std::string direct_question(std::uint16_t id, std::string_view name, RrType type);

// What a datagram says about this question, as in NameServers::ask_at(). It is hostile. nullopt: it is not an
// answer to the question.
std::optional<DnsAnswer> read_direct_answer(std::string_view datagram, std::uint16_t id,
                                            std::string_view name, RrType type);

}  // namespace mtasts
