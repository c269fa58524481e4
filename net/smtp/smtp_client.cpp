#include "net/smtp/smtp_client.hpp"

#include <unistd.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "core/finding.hpp"
#include "net/https/turns.hpp"
#include "net/smtp/dialogue.hpp"
#include "net/smtp/kept_dialogues.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

// Shared, because a dialogue may still be under way when the Smtp is gone.
struct State {
  State(asio::any_io_executor where, SmtpOptions what, SslCtx context, std::string name)
      : executor(std::move(where)),
        options(std::move(what)),
        tls(std::move(context)),
        host_name(std::move(name)) {}

  asio::any_io_executor executor;
  SmtpOptions options;
  SslCtx tls;
  std::string host_name;
  HostTurns turns{executor, {.at_once = 1, .interval = std::chrono::milliseconds(0)}};
  HostTurns places{executor, {.at_once = options.at_once, .interval = std::chrono::milliseconds(0)}};
  KeptDialogues kept{executor};
};
using StatePtr = std::shared_ptr<State>;

std::string own_host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

SmtpDialogue not_held(SmtpTrouble trouble, std::string why) {
  SmtpDialogue dialogue;
  dialogue.trouble = trouble;
  dialogue.detail = std::move(why);
  return dialogue;
}

SmtpDialogue refused(const Address& address) {
  return not_held(SmtpTrouble::not_allowed, to_string(address) + " is special-use (" +
                                                std::string(special_use(address)) +
                                                "); allow_addresses of [https] or [check] can permit it");
}

constexpr std::string_view no_time_left = "other dialogues took the time";
constexpr std::string_view began_late = "it began too late";
constexpr Address every_address{};  // the one at which all dialogues take a place

asio::awaitable<SmtpDialogue> hold_in_turn(StatePtr state, SmtpRequest request) {
  auto begin = steady_clock::now();
  auto timeout = state->options.timeout;
  if (state->options.done_by - begin < timeout)
    timeout = std::max(std::chrono::floor<std::chrono::milliseconds>(state->options.done_by - begin),
                       std::chrono::milliseconds(0));
  auto turn = co_await state->turns.take(request.address, timeout);
  if (!turn) co_return not_held(SmtpTrouble::local, std::string(no_time_left));
  auto left = std::chrono::floor<std::chrono::milliseconds>(begin + timeout - steady_clock::now());
  auto place = co_await state->places.take(every_address, left);
  if (!place) co_return not_held(SmtpTrouble::local, std::string(no_time_left));
  bool was_late = steady_clock::now() - begin > timeout / 2;
  auto dialogue = co_await hold_dialogue(
      {state->tls, std::move(request), state->options.ehlo, state->host_name, begin + timeout});
  // The server may be as quick as others are.
  bool too_short = timeout < state->options.timeout / 2;
  if ((was_late || too_short) && dialogue.trouble == SmtpTrouble::timeout) {
    dialogue.trouble = SmtpTrouble::local;
    dialogue.detail += "; " + std::string(was_late ? no_time_left : began_late);
  }
  co_return dialogue;
}

std::string words_of(const std::exception_ptr& error) try {
  std::rethrow_exception(error);
} catch (const std::exception& each) {
  return printable(each.what(), 300);
} catch (...) {
  return "an unknown error";
}

// In a coroutine of its own, so that it goes on for the others if the one who asked first leaves.
void begin(const StatePtr& state, const KeptDialogues::Key& key, SmtpRequest request) {
  auto finish = [state, key](const std::exception_ptr& error, SmtpDialogue dialogue) {
    if (error) dialogue = not_held(SmtpTrouble::local, words_of(error));
    state->kept.finish(key, std::move(dialogue));
  };
  asio::co_spawn(state->executor, hold_in_turn(state, std::move(request)), std::move(finish));
}

asio::awaitable<SmtpDialogue> talk_once(StatePtr state, SmtpRequest request) {
  if (!may_dial(request.address, state->options.allow_addresses)) co_return refused(request.address);
  KeptDialogues::Key key{request.address, request.port, request.host, request.implicit_tls};
  auto [entry, is_new] = state->kept.find(key);
  if (is_new) begin(state, key, std::move(request));
  while (!entry->dialogue) co_await entry->done.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return *entry->dialogue;
}

class SmtpClient final : public Smtp {
 public:
  explicit SmtpClient(StatePtr state) : state_(std::move(state)) {}
  asio::awaitable<SmtpDialogue> talk(SmtpRequest request) override {
    return talk_once(state_, std::move(request));
  }

 private:
  StatePtr state_;
};

}  // namespace

Result<std::unique_ptr<Smtp>> make_smtp(asio::io_context& loop, SmtpOptions options) {
  auto tls = make_smtp_tls_context(options.ca_file, options.more_ca_file);
  if (!tls) return std::unexpected(std::move(tls.error()));
  auto state =
      std::make_shared<State>(loop.get_executor(), std::move(options), std::move(*tls), own_host_name());
  return std::make_unique<SmtpClient>(std::move(state));
}

}  // namespace mtasts
