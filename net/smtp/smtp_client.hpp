// smtp_client - the Smtp port: dialogues with mail servers, each held once.
//
// Addresses come from the caller, who has resolved them. Special-use ones are refused unless allowed. One
// connection at a time goes to an address, whatever its port. The timeout is one for everything: waiting for
// that turn, connecting, and the whole dialogue. A dialogue that times out after its wait took more than half
// of it ends as SmtpTrouble::local, because that says nothing about the server.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/address.hpp"
#include "core/result.hpp"
#include "ports/smtp.hpp"

namespace mtasts {

struct SmtpOptions {
  std::string ehlo;          // what we call ourselves; empty: see net/smtp/ehlo_name.hpp
  std::string ca_file;       // PEM; empty: the system's store
  std::string more_ca_file;  // PEM, trusted beside those; empty: none
  std::chrono::milliseconds timeout{30000};
  std::vector<Cidr> allow_addresses;
  unsigned at_once = 100;  // dialogues under way; others wait, because a domain can name many hosts
  // Dialogues end by then, even if their timeout has not passed. One that times out so, and had less than
  // half of its timeout, ends as SmtpTrouble::local.
  std::chrono::steady_clock::time_point done_by = std::chrono::steady_clock::time_point::max();
};

// Loads the CA certificates, which takes some 100 ms. Fault::config: they can't be used; detail says what to
// do. The loop must outlive the Smtp. What two dialogues with the same address, port, host and implicit_tls
// would find is found once, and kept for as long as the Smtp lives (net/smtp/kept_dialogues.hpp).
Result<std::unique_ptr<Smtp>> make_smtp(boost::asio::io_context& loop, SmtpOptions options);

}  // namespace mtasts
