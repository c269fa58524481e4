#include "postfix-policy/admin.hpp"

#include <boost/json/object.hpp>
#include <filesystem>

namespace mtasts {
namespace {

// Where it can't be made, binding says so.
void make_parent_folder(const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directory(std::filesystem::path(path).parent_path(), ignored);
}

}  // namespace

Admin::Admin(boost::asio::io_context& main_loop, Log& log, const Clock& clock, std::string default_path)
    : log_(log),
      clock_(clock),
      default_path_(std::move(default_path)),
      listeners_(main_loop, log, [this](int descriptor) { control_.adopt(descriptor); }) {}

Result<void> Admin::listen(const ListenConfig& config) {
  constexpr unsigned owner_and_group = 0660;
  bool is_default = config.control == default_path_;
  if (is_default) make_parent_folder(config.control);
  ListenConfig control;
  control.socketmap = {{Endpoint::Kind::unix_path, config.control, {}, 0}};
  control.socketmap_configured = true;
  control.socket_mode = owner_and_group;
  auto bound = listeners_.apply(control);
  if (bound || !is_default) return bound;
  log_.event(Log::Level::warning, "listen",
             {{"text", "no control socket: mtastsctl status can't ask this mtastsd"},
              {"detail", bound.error().detail}});
  return {};
}

void Admin::start(std::vector<AnswerLoop*> loops, ResolveLoop& resolve, LmdbCache& cache, StatusFacts facts) {
  desk_ = std::make_unique<StatusDesk>(control_.executor(), std::move(loops), resolve, cache, clock_);
  desk_->use(std::move(facts));
  control_.on("status", [this](const boost::json::object&) { return desk_->answer(); });
  control_.start();
}

void Admin::tell(StatusFacts facts) {
  control_.post([this, facts = std::move(facts)]() mutable { desk_->use(std::move(facts)); });
}

void Admin::use(HealthPtr health) {
  control_.post([this, health = std::move(health)]() mutable { desk_->use(std::move(health)); });
}

}  // namespace mtasts
