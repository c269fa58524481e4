#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <vector>

#include "cli/codes_page.hpp"
#include "cli/commands.hpp"
#include "cli/sheet.hpp"
#include "conf/problems.hpp"
#include "core/catalogue.hpp"

namespace mtasts {
namespace {

constexpr std::string_view row_form = "{:<3}  {:<8}  {:<30}  ";
constexpr std::size_t room_for_what = 72;  // a narrower terminal shows it in lines of its own

boost::json::object object(const CatalogueEntry& entry) {
  return {{"code", to_json(entry.code)},
          {"number", entry.number},
          {"severity", to_json(words(entry.severity))},
          {"what", to_json(entry.what)},
          {"why", to_json(entry.why)},
          {"mend", to_json(entry.mend)},
          {"source", to_json(entry.source)},
          {"guide", entry.guide.empty() ? boost::json::value() : to_json(entry.guide)}};
}

std::string row(const CatalogueEntry& entry, const Terminal& terminal) {
  auto severity = fmt::format("{:<8}", words(entry.severity));
  auto head = fmt::format(row_form, entry.number, severity, entry.code);
  std::string text = head + std::string(entry.what);
  if (terminal.width >= room_for_what) {
    text = wrapped(text, head.size(), terminal.width);
  } else if (terminal.width > 0) {
    constexpr std::size_t indent = 5;
    head.erase(head.find_last_not_of(' ') + 1);
    text = head + '\n' + wrapped(std::string(indent, ' ') + std::string(entry.what), indent, terminal.width);
  }
  return text.replace(5, severity.size(), terminal.paint(colour_of(entry.severity), severity));
}

void print_table(const Terminal& terminal) {
  bool narrow = terminal.width > 0 && terminal.width < room_for_what;
  auto head =
      narrow ? std::string("NO   SEVERITY  CODE") : fmt::format(row_form, "NO", "SEVERITY", "CODE") + "WHAT";
  terminal.print(terminal.paint(Colour::faint, head));
  for (const CatalogueEntry& entry : catalogue()) terminal.print(row(entry, terminal));
}

// An array with one object on each line, as of list.
void print_json_table(const Terminal& terminal) {
  const char* separator = "[\n";
  for (const CatalogueEntry& entry : catalogue()) {
    terminal.out << separator << ascii_json(object(entry));
    separator = ",\n";
  }
  terminal.out << "\n]\n";
}

void print_entry(const CatalogueEntry& entry, const Terminal& terminal) {
  Sheet sheet(terminal, 10);
  sheet.line("code", entry.code);
  sheet.line("number", std::to_string(entry.number));
  sheet.line("severity", words(entry.severity), colour_of(entry.severity));
  sheet.line("what", entry.what);
  sheet.line("why", entry.why);
  sheet.line("mend", entry.mend);
  sheet.line("source", entry.source);
  if (!entry.guide.empty()) sheet.unbroken("guide", entry.guide);
}

int no_such_code(std::string_view code, const Terminal& terminal) {
  std::vector<std::string_view> known;
  for (const CatalogueEntry& entry : catalogue()) known.push_back(entry.code);
  auto near = nearest(code, known);
  return terminal.trouble(fmt::format(
      "there is no code {}; {}", in_quotes(code),
      near.empty() ? std::string("mtastsctl codes lists them") : fmt::format("did you mean \"{}\"?", near)));
}

}  // namespace

int codes(const CodesOptions& options, const Terminal& terminal) {
  if (options.markdown) {
    terminal.out << codes_page();
    return exit_ok;
  }
  if (options.code.empty()) {
    terminal.json ? print_json_table(terminal) : print_table(terminal);
    return exit_ok;
  }
  const CatalogueEntry* entry = find_code(options.code);
  if (entry == nullptr) return no_such_code(options.code, terminal);
  terminal.json ? terminal.print_json(object(*entry)) : print_entry(*entry, terminal);
  return exit_ok;
}

}  // namespace mtasts
