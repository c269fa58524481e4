#include "postfix-policy/admin/admin.hpp"

#include <unistd.h>

#include <boost/json/object.hpp>
#include <filesystem>
#include <utility>

namespace mtasts {
namespace {

// Returns the folder if it was created now, else "". If it can't be created, binding reports the error.
std::string make_parent_folder(const std::string& path) {
  std::error_code ignored;
  auto folder = std::filesystem::path(path).parent_path();
  return std::filesystem::create_directory(folder, ignored) ? folder.string() : "";
}

}  // namespace

Admin::Admin(boost::asio::io_context& main_loop, Log& log, const Clock& clock, Shortages& shortages,
             DescriptorReserve& reserve, std::string default_path)
    : log_(log),
      clock_(clock),
      shortages_(shortages),
      default_path_(std::move(default_path)),
      listeners_(main_loop, log, shortages, reserve,
                 [this](int descriptor, bool) { control_.adopt(descriptor); }) {}

Result<void> Admin::listen(const ListenConfig& config) {
  constexpr unsigned owner_and_group = 0660;
  bool is_default = config.control == default_path_;
  if (is_default) made_folder_ = make_parent_folder(config.control);
  ListenConfig control;
  control.socketmap = {unix_endpoint(config.control)};
  control.socketmap_configured = true;
  control.socket_mode = owner_and_group;
  auto bound = listeners_.apply(control);
  if (bound || !is_default) return bound;
  log_.event(Log::Level::warning, "listen",
             {{"text", "the control socket can't be used, so mtastsctl status can't reach this mtastsd"},
              {"detail", bound.error().detail}});
  return {};
}

void Admin::give_to(const Account& account) noexcept {
  listeners_.give_to(account.uid, account.gid);
  if (made_folder_.empty()) return;
  if (::lchown(made_folder_.c_str(), account.uid, account.gid) != 0)
    return;  // the next start replaces the socket
}

void Admin::start(std::vector<AnswerLoop*> loops, ResolveLoop& resolve, LmdbCache& cache, StatusFacts facts) {
  desk_ = std::make_unique<StatusDesk>(control_.executor(), std::move(loops), resolve, cache, clock_, log_,
                                       shortages_);
  desk_->use(std::move(facts));
  for (const auto& [word, verb] : enum_words<ControlVerb>)
    control_.on(std::string(word), [this, verb](const boost::json::object&) { return answer(verb); });
  desk_->watch();
  control_.start();
}

boost::asio::awaitable<boost::json::object> Admin::answer(ControlVerb verb) {
  switch (verb) {
    case ControlVerb::status: return desk_->answer();
    case ControlVerb::config: return desk_->config();
  }
  std::unreachable();
}

void Admin::tell(StatusFacts facts) {
  control_.post([this, facts = std::move(facts)]() mutable { desk_->use(std::move(facts)); });
}

void Admin::use(HealthPtr health) {
  control_.post([this, health = std::move(health)]() mutable { desk_->use(std::move(health)); });
}

}  // namespace mtasts
