#include "cli/rules_in_force.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "cli/terminal.hpp"
#include "conf/parse.hpp"
#include "service/client/control_client.hpp"

namespace mtasts {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds patience{3};

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(json::string_view(key.data(), key.size()));
  const auto* string = value == nullptr ? nullptr : value->if_string();
  return string == nullptr ? "" : std::string(string->data(), string->size());
}

struct Loaded {
  Config config;
  std::string file;
  bool changed = false;
};

Result<Loaded> ask(const std::string& control) {
  auto reply = ask_daemon(control, ControlVerb::config, patience);
  if (!reply) return std::unexpected(std::move(reply.error()));
  DefaultPaths paths{text_of(*reply, "state"), text_of(*reply, "control")};
  auto parsed = parse_config(text_of(*reply, "text"), "the running mtastsd's configuration", paths);
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  Loaded loaded{std::move(parsed->config), {}, false};
  const auto* value = reply->if_contains("configuration");
  const auto* about = value == nullptr ? nullptr : value->if_object();
  if (about == nullptr) return loaded;
  loaded.file = text_of(*about, "file");
  const auto* changed = about->if_contains("changed");
  loaded.changed = changed != nullptr && changed->is_bool() && changed->get_bool();
  return loaded;
}

// A user who names another file than the daemon's wants to see what that file would do.
bool is_another(const std::string& loaded, const std::string& asked) {
  std::error_code unknown;
  if (loaded.empty() || asked.empty() || loaded == asked) return false;
  return !std::filesystem::equivalent(loaded, asked, unknown);
}

std::string note_about(const Loaded& loaded, const Result<Config>& file, const std::string& file_name) {
  if (!file)
    return fmt::format("{} can't be used; these are the rules that the running mtastsd has loaded",
                       whole(file_name));
  if (loaded.file != file_name)
    return fmt::format("these are the rules of the running mtastsd, which has loaded {}",
                       loaded.file.empty() ? "no file" : whole(loaded.file));
  if (!loaded.changed) return {};
  return fmt::format("{} has changed since; these are the rules that the running mtastsd has loaded",
                     whole(file_name));
}

}  // namespace

Result<RulesInForce> rules_in_force(const Result<Config>& file, const std::string& file_name,
                                    const std::string& control) {
  auto loaded = ask(control);
  if (loaded && file && is_another(loaded->file, file_name))
    return RulesInForce{*file, fmt::format("these are the rules of {}; the running mtastsd has loaded {}",
                                           whole(file_name), whole(loaded->file))};
  if (loaded) return RulesInForce{std::move(loaded->config), note_about(*loaded, file, file_name)};
  if (!file) return std::unexpected(file.error());
  return RulesInForce{*file, fmt::format("these are the rules of {}, because mtastsd did not say what it has "
                                         "loaded: {}",
                                         file_name.empty() ? "the defaults" : whole(file_name),
                                         whole(loaded.error().detail))};
}

void print_note(const RulesInForce& rules, const Terminal& terminal) {
  if (!rules.note.empty()) terminal.err << "mtastsctl: note: " << rules.note << '\n';
}

}  // namespace mtasts
