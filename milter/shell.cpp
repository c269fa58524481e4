#include "milter/shell.hpp"

#include <libmilter/mfapi.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <string>
#include <vector>

namespace mtasts {
namespace {

MilterHooks* hooks = nullptr;  // set once, before libmilter starts a thread
std::atomic<std::size_t> under_way{0};
std::atomic<std::size_t> inside{0};  // callbacks that are running
std::atomic<bool> closed{false};     // then no callback may begin to use hooks

// Keeps close_milter() waiting while a callback runs. Converts to false if it may not run any more.
class Inside {
 public:
  Inside() noexcept { inside.fetch_add(1); }
  ~Inside() {
    if (inside.fetch_sub(1) == 1) inside.notify_all();
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  explicit operator bool() const noexcept { return !closed.load(); }
};

struct Connection {
  std::shared_ptr<const MilterConfig> config;
  Session session;
  unsigned long actions = 0;    // that the MTA lets us take
  bool silent_mail = false;     // the MTA expects no reply to MAIL
  bool silent_headers = false;  // nor to a header field
  bool counted = false;         // in under_way

  explicit Connection(std::shared_ptr<const MilterConfig> used)
      : config(used), session(std::move(used), *hooks->asker, hooks->report) {}
  ~Connection() { count(false); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void count(bool in_message) noexcept {
    if (in_message && !counted) under_way.fetch_add(1, std::memory_order_relaxed);
    if (!in_message && counted) under_way.fetch_sub(1, std::memory_order_relaxed);
    counted = in_message;
  }
};

// Tells about something that should not happen. It may itself lack memory.
void tell_trouble(const char* text) noexcept {
  try {
    hooks->trouble(text);
  } catch (...) {  // nobody is left to be told
  }
}

// libmilter takes texts without const, and does not change them.
char* unconst(const char* text) noexcept { return const_cast<char*>(text); }

Connection* existing(SMFICTX* context) noexcept { return static_cast<Connection*>(smfi_getpriv(context)); }

void release(SMFICTX* context) noexcept {
  delete existing(context);
  smfi_setpriv(context, nullptr);
}

// After QUIT_NC the MTA may begin another connection without a negotiation.
Connection& connection(SMFICTX* context) {
  if (Connection* known = existing(context)) return *known;
  auto made = std::make_unique<Connection>(hooks->config());
  if (smfi_setpriv(context, made.get()) != MI_SUCCESS) throw std::bad_alloc();
  return *made.release();
}

std::optional<std::string_view> macro(SMFICTX* context, const char* name) noexcept {
  const char* value = smfi_getsymval(context, unconst(name));
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

std::string_view queue_id(SMFICTX* context) noexcept { return macro(context, "i").value_or(""); }

std::vector<std::string_view> rest_of(char** arguments) {
  std::vector<std::string_view> rest;
  if (arguments == nullptr || *arguments == nullptr) return rest;
  while (*++arguments != nullptr) rest.emplace_back(*arguments);
  return rest;
}

std::string_view first_of(char** arguments) noexcept {
  return arguments == nullptr || *arguments == nullptr ? std::string_view() : std::string_view(*arguments);
}

sfsistat answer(SMFICTX* context, const Refusal& refusal) {
  std::string code = std::to_string(refusal.code), text = for_libmilter(refusal.text);
  if (smfi_setreply(context, code.data(), unconst(refusal.status.c_str()), text.data()) != MI_SUCCESS)
    tell_trouble("libmilter refused the text of a reply");  // the MTA then sends its own words
  return refusal.permanent() ? SMFIS_REJECT : SMFIS_TEMPFAIL;
}

// Runs one callback. If it throws, for example for lack of memory, the message is deferred at its end, and
// mail that may require verified TLS at once.
template <class Step>
sfsistat guarded(SMFICTX* context, sfsistat if_demanded, Step step,
                 sfsistat otherwise = SMFIS_CONTINUE) noexcept {
  Inside running;
  if (!running) return if_demanded;
  try {
    return step(connection(context));
  } catch (const std::exception& error) {
    tell_trouble(error.what());
  } catch (...) {
    tell_trouble("an exception of an unknown type");
  }
  Connection* known = existing(context);
  if (known != nullptr) known->session.note_failure();
  bool demanded = known == nullptr || known->session.may_have_demand();
  return demanded ? if_demanded : otherwise;
}

// What went wrong in a silent stage is answered at the end of the message (Session::note_failure()).
sfsistat no_reply_if(SMFICTX* context, bool Connection::* silent, sfsistat status) noexcept {
  const Connection* used = existing(context);
  return used != nullptr && used->*silent ? SMFIS_NOREPLY : status;
}

bool reads_headers(const MilterConfig& config) noexcept {
  bool has_lists = !config.senders.empty() || !config.recipients.empty() || !config.users.empty();
  return !config.headers.empty() || !config.add_header.empty() ||
         (has_lists && !config.list_beats_tls_required);
}

// Only what the MTA offers may be asked for (MLT-11).
void negotiate(SMFICTX* context, Connection& made, unsigned long actions, unsigned long steps,
               unsigned long* wanted_actions, unsigned long* wanted_steps) {
  unsigned long changes = made.config->add_header.empty() ? 0 : SMFIF_ADDHDRS | SMFIF_CHGHDRS;
  // Not SMFIP_NODATA: Postfix sends the macros of DATA nevertheless, and what it sends next then waits 40 ms
  // for the acknowledgement of this kernel (Nagle's algorithm). on_data() costs much less.
  unsigned long left_out = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NOUNKNOWN | SMFIP_NOEOH | SMFIP_NOBODY |
                           SMFIP_NR_MAIL | SMFIP_NR_HDR;
  if (!reads_headers(*made.config)) left_out |= SMFIP_NOHDRS;
  if ((actions & SMFIF_SETSYMLIST) != 0) {
    changes |= SMFIF_SETSYMLIST;
    bool set = smfi_setsymlist(context, SMFIM_ENVFROM, unconst("{auth_authen} {mail_addr}")) == MI_SUCCESS &&
               smfi_setsymlist(context, SMFIM_ENVRCPT, unconst("i {rcpt_host} {rcpt_mailer} {rcpt_addr}")) ==
                   MI_SUCCESS &&
               smfi_setsymlist(context, SMFIM_EOM, unconst("i")) == MI_SUCCESS;
    if (!set) tell_trouble("libmilter refused the list of macros");
  }
  made.actions = *wanted_actions = changes & actions;
  *wanted_steps = left_out & steps;
  made.silent_mail = (*wanted_steps & SMFIP_NR_MAIL) != 0;
  made.silent_headers = (*wanted_steps & SMFIP_NR_HDR) != 0;
}

// What end() wants changed in the message. Fields are deleted from the last, because the numbers of those
// behind a deleted one are not defined.
void change_headers(SMFICTX* context, const Connection& used, const EndOfMessage& end) {
  const std::string& name = used.config->add_header;
  if (name.empty()) return;
  if ((used.actions & SMFIF_CHGHDRS) != 0)
    for (std::size_t left = end.forged; left > 0; --left)
      smfi_chgheader(context, unconst(name.c_str()), static_cast<int>(left), nullptr);
  if ((used.actions & SMFIF_ADDHDRS) != 0 && !end.decisions.empty())
    smfi_addheader(context, unconst(name.c_str()), unconst(end.decisions.c_str()));
}

extern "C" {

sfsistat on_negotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long,
                      unsigned long, unsigned long* wanted_actions, unsigned long* wanted_steps,
                      unsigned long* reserved2, unsigned long* reserved3) noexcept {
  *wanted_actions = *wanted_steps = *reserved2 = *reserved3 = 0;
  return guarded(context, SMFIS_REJECT, [&](Connection& made) {
    negotiate(context, made, actions, steps, wanted_actions, wanted_steps);
    return SMFIS_CONTINUE;
  });
}

sfsistat on_mail(SMFICTX* context, char** arguments) noexcept {
  auto status = guarded(context, SMFIS_TEMPFAIL, [&](Connection& used) {
    used.session.mail(first_of(arguments), rest_of(arguments),
                      {macro(context, "{auth_authen}").value_or(""), macro(context, "{mail_addr}")});
    used.count(true);
    return SMFIS_CONTINUE;
  });
  return no_reply_if(context, &Connection::silent_mail, status);
}

// Mail from sendmail(1), which has no macro, must not be refused here (MLT-16).
sfsistat on_recipient(SMFICTX* context, char** arguments) noexcept {
  RecipientMacros macros{macro(context, "{rcpt_host}"), macro(context, "{rcpt_mailer}"),
                         macro(context, "{rcpt_addr}")};
  sfsistat if_demanded = macros.next_hop || macros.transport ? SMFIS_TEMPFAIL : SMFIS_CONTINUE;
  return guarded(context, if_demanded, [&](Connection& used) -> sfsistat {
    auto refusal = used.session.recipient(first_of(arguments), macros);
    return refusal ? answer(context, *refusal) : SMFIS_CONTINUE;
  });
}

sfsistat on_data(SMFICTX*) noexcept { return SMFIS_CONTINUE; }

sfsistat on_header(SMFICTX* context, char* name, char* value) noexcept {
  auto status = guarded(context, SMFIS_TEMPFAIL, [&](Connection& used) {
    used.session.header(name == nullptr ? "" : name, value == nullptr ? "" : value);
    return SMFIS_CONTINUE;
  });
  return no_reply_if(context, &Connection::silent_headers, status);
}

sfsistat on_end(SMFICTX* context) noexcept {
  return guarded(
      context, SMFIS_TEMPFAIL,
      [&](Connection& used) -> sfsistat {
        EndOfMessage end = used.session.end(queue_id(context));
        used.count(false);
        if (end.refusal) return answer(context, *end.refusal);
        change_headers(context, used, end);
        return SMFIS_CONTINUE;
      },
      SMFIS_TEMPFAIL);
}

sfsistat on_abort(SMFICTX* context) noexcept {
  return guarded(context, SMFIS_CONTINUE, [&](Connection& used) {
    used.session.abort(queue_id(context));
    used.count(false);
    return SMFIS_CONTINUE;
  });
}

// It may be the only callback of a connection (MLT-3).
sfsistat on_close(SMFICTX* context) noexcept {
  Inside running;
  if (!running) return SMFIS_CONTINUE;  // the process is about to end
  try {
    release(context);
  } catch (...) {
    tell_trouble("closing a connection failed");
  }
  return SMFIS_CONTINUE;
}

}  // extern "C"

std::unexpected<Error> refused(const char* step) {
  return fail(Fault::config, std::string("libmilter: ") + step + " failed; the system log may say why");
}

}  // namespace

}  // namespace mtasts

// libmilter alone calls it, in a thread that waits for SIGHUP, SIGTERM and SIGINT and then stops the filter
// (MLT-6). The kernel may give a signal to any thread that waits for it, so a reload would sometimes end the
// milter. This definition takes the place of the C library's, and that thread sleeps.
extern "C" int sigwait(const sigset_t*, int*) {
  for (;;) ::pause();
}

namespace mtasts {

Result<void> register_milter(MilterHooks& used, int descriptor) {
  hooks = &used;
  static std::array<char, 14> name{"mtasts-milter"};
  smfiDesc filter{};
  filter.xxfi_name = name.data();
  filter.xxfi_version = SMFI_VERSION;
  filter.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_SETSYMLIST;
  filter.xxfi_envfrom = on_mail;
  filter.xxfi_envrcpt = on_recipient;
  filter.xxfi_data = on_data;
  filter.xxfi_header = on_header;
  filter.xxfi_eom = on_end;
  filter.xxfi_abort = on_abort;
  filter.xxfi_close = on_close;
  filter.xxfi_negotiate = on_negotiate;
  if (smfi_register(filter) != MI_SUCCESS) return refused("smfi_register");
  std::string where = "fd:" + std::to_string(descriptor);
  if (smfi_setconn(where.data()) != MI_SUCCESS) return refused("smfi_setconn");
  if (smfi_opensocket(false) != MI_SUCCESS)
    return fail(
        Fault::config,
        "libmilter does not take the socket that is already open (fd:" + std::to_string(descriptor) +
            "); Debian's libmilter does, so install libmilter1.0.1 from there, or see the system log");
  return {};
}

bool serve_milter() { return smfi_main() == MI_SUCCESS; }

void close_milter() noexcept {
  closed.store(true);
  for (std::size_t running; (running = inside.load()) > 0;) inside.wait(running);
}

std::size_t messages_under_way() noexcept { return under_way.load(std::memory_order_relaxed); }

}  // namespace mtasts
