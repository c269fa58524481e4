#include "idn/registrable_domain.hpp"

#include <libpsl.h>

namespace mtasts {

// libpsl has the list built in. Its A-labels are those of our names.
std::string registrable_domain(const DomainName& domain) {
  std::string name(domain.str());
  const psl_ctx_t* list = psl_builtin();
  const char* found = list != nullptr ? psl_registrable_domain(list, name.c_str()) : nullptr;
  return found != nullptr ? std::string(found) : name;
}

}  // namespace mtasts
