// session - what the milter does with the messages of one SMTP connection, without libmilter.
//
// The caller passes on what the MTA reports, in the order of a connection: mail(), recipient() for each
// recipient, header() for each header field, then end() or abort(); then perhaps mail() again. A session is
// for one thread at a time. All text is hostile: any bytes are accepted, and memory stays bounded.
//
// Mail from smtpd(8) names transport and next hop of each recipient, and is answered for each recipient.
// Mail from sendmail(1) names neither (MLT-17) and must not be refused at RCPT (MLT-16), so its recipients'
// domains count, and all of it is answered at the end.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.hpp"
#include "milter/asker.hpp"
#include "milter/demand.hpp"
#include "milter/refusal.hpp"

namespace mtasts {

// What became of one message, for the log and the counters.
struct MessageReport {
  enum class Result {
    accepted,
    refused,   // 5xx, or every recipient was refused
    deferred,  // 4xx
    gone,      // the client gave up, or another filter refused it
  };
  std::string queue_id;  // empty: none yet
  std::string sender;    // without brackets; peer text
  std::string demand;    // in words, joined by ","; empty: there was none
  std::size_t recipients = 0;
  std::size_t refused =
      0;  // recipients that got 5xx at RCPT, or fail at the end for which the message got it
  std::size_t deferred = 0;    // the same with 4xx
  std::size_t off_policy = 0;  // of these: by warn_off_policy
  std::size_t unknown = 0;  // recipients that were accepted although nothing is known (on_unknown = "accept")
  bool tls_required_no = false;  // the message says "TLS-Required: No"
  Result result = Result::accepted;
  std::string reason;  // of the last refusal, or of what is unknown: "no-record.example: no MTA-STS record"
};

std::string_view words(MessageReport::Result result) noexcept;

struct EndOfMessage {
  std::optional<Refusal> refusal;
  std::string decisions;   // the value for [milter] add_header; empty: nothing is to be added
  std::size_t forged = 0;  // how many fields of that name the message has; they must be deleted
};

// Macros that Postfix sends with MAIL and RCPT; nullopt: it sends none. The addresses are as it will deliver
// to them: "user%domain" and "domain!user" are rewritten, and a domain is appended where there is none. So
// no way of writing an address evades a list.
struct MailMacros {
  std::string_view user{};                    // {auth_authen}, the SASL login name; empty: none
  std::optional<std::string_view> address{};  // {mail_addr}
};
struct RecipientMacros {
  std::optional<std::string_view> next_hop{};   // {rcpt_host}
  std::optional<std::string_view> transport{};  // {rcpt_mailer}
  std::optional<std::string_view> address{};    // {rcpt_addr}
};

class Session {
 public:
  using Report = std::function<void(const MessageReport&)>;  // what it throws is dropped

  // config must not be null; it is kept. asker must outlive the session. report is called once for each
  // message.
  Session(std::shared_ptr<const MilterConfig> config, Asker& asker, Report report);
  ~Session();  // reports a message that has not ended
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // path: as in MAIL FROM, with or without brackets. parameters: what follows it.
  void mail(std::string_view path, std::span<const std::string_view> parameters, const MailMacros& macros);

  // A refusal is for this recipient alone; the message then goes on without it. May wait up to [milter] wait.
  std::optional<Refusal> recipient(std::string_view path, const RecipientMacros& macros);

  void header(std::string_view name, std::string_view value);

  // A refusal is for the whole message. May wait as long as a message may.
  EndOfMessage end(std::string_view queue_id);

  // The message is over without end(). Does nothing if there is none.
  void abort(std::string_view queue_id);

  // True between mail() and end() or abort().
  bool in_message() const noexcept { return message_ != nullptr; }

  // One of the functions above threw, for example for lack of memory. The message is then answered 4xx at
  // its end, because a demand may have been missed, also if mail() itself threw.
  void note_failure() noexcept;

  // Whether the message may require verified TLS, as far as is known by now.
  bool may_have_demand() const noexcept;

 private:
  struct Hop;
  struct HopKey;
  struct Bound;
  struct Message;

  std::optional<Refusal> judge_recipient(std::string_view path, const HopKey& key, Hop& hop, Demand demand);
  std::optional<Refusal> check_off_policy(std::string_view path, const HopKey& key, Hop& hop);
  std::optional<Refusal> judge_message();
  Refusal refuse_all(Refusal refusal);
  std::vector<Bound> bound_hops();
  void ask_missing(std::vector<Bound>& bound);
  std::optional<Refusal> refuse_those(std::span<const Bound> bound, Sufficiency failing);
  std::string decisions();
  std::vector<PolicyAnswer> ask(std::span<const std::string> next_hops);
  void count(const Refusal& refusal, std::size_t recipients);
  void finish(std::string_view queue_id, MessageReport::Result result);

  std::shared_ptr<const MilterConfig> config_;
  Asker& asker_;
  Report report_;
  bool failed_ = false;               // see note_failure()
  std::unique_ptr<Message> message_;  // null: none is under way
};

}  // namespace mtasts
