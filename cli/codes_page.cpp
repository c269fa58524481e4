#include "cli/codes_page.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "cli/terminal.hpp"
#include "core/catalogue.hpp"

namespace mtasts {
namespace {

constexpr std::size_t page_width = 100;

constexpr std::string_view introduction =
    R"(# Findings

What the checks of mtastsd can find: `mtastsctl lint`, `check`, `smtp`, `explain` and `match`. A
code, once published, keeps its name, so scripts can rely on it. `mtastsctl codes CODE` prints one
of them.

- **error**: senders get no policy, or do not deliver where TLS is required; of a text that is
  checked by itself: it is not valid.
- **warning**: it works now, or for most.
- **info**: advice.

A finding may be graver or lighter than its code where the text says so, or where what follows
from it depends on the policy: under mode testing nothing is refused.

This page is made by `mtastsctl codes --markdown` from `core/catalogue_*.hpp`.
)";

struct Group {
  unsigned number;  // the hundreds
  std::string_view title;
};
constexpr std::array groups{Group{1, "TXT record"},
                            Group{2, "Policy host and HTTPS"},
                            Group{3, "Text of the policy"},
                            Group{4, "Policy and MX hosts"},
                            Group{5, "Mail servers: STARTTLS and certificates"},
                            Group{6, "TLS reports (TLSRPT)"},
                            Group{7, "DANE"},
                            Group{8, "The check itself"}};

// Text for Markdown: what would be markup is escaped.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\\`*_[]<>#").contains(c)) out += '\\';
    out += c;
  }
  return out;
}

std::string item(std::string_view name, std::string_view markdown) {
  return wrapped(fmt::format("- **{}**: {}", name, markdown), 2, page_width) + '\n';
}

std::string section(const CatalogueEntry& entry) {
  auto source = entry.guide.empty() ? escaped(entry.source)
                                    : fmt::format("[{}]({})", escaped(entry.source), entry.guide);
  return fmt::format("\n### {}\n\n", entry.code) +
         wrapped(fmt::format("{}, {}. {}", entry.number, words(entry.severity), escaped(entry.what)), 0,
                 page_width) +
         "\n\n" + item("Why", escaped(entry.why)) + item("What to do", escaped(entry.mend)) +
         fmt::format("- **Source**: {}\n", source);
}

}  // namespace

std::string codes_page() {
  std::string page(introduction);
  for (const Group& group : groups) {
    page += fmt::format("\n## {}\n", group.title);
    for (const CatalogueEntry& entry : catalogue())
      if (entry.number / 100 == group.number) page += section(entry);
  }
  return page;
}

}  // namespace mtasts
