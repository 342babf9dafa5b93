#include "common/module.h"

#include <dlfcn.h>

namespace postern {

Result<ModuleFunction> load_module(const char* file)
{
    void* const module = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void* const entry = module ? ::dlsym(module, "postern_module") : nullptr;
    if (!entry)
        return fail("{}", ::dlerror());
    return reinterpret_cast<ModuleFunction (*)()>(entry)();
}

} // namespace postern
