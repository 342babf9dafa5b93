#include "milterd/dkim.h"

#include "milterd/dkim_header.h"

#include <stdbool.h> // dkim.h needs it and does not include it
#include <stdint.h>
#ifndef _Bool
#define _Bool bool // which clang leaves out of C++
#endif

#include <opendkim/dkim.h>

#include <string_view>

namespace postern {
namespace {

// With a key lookup of our own, libopendkim neither asks the DNS nor insists on
// q= being spelled "dns/txt". No signature gets as far as asking for its key.
DKIM_CBSTAT refuse_key_lookup(DKIM*, DKIM_SIGINFO*, u_char*, size_t)
{
    return DKIM_CBSTAT_ERROR;
}

// libopendkim does not write to what it is given, but its parameters are not const.
u_char* octets(std::string_view text)
{
    return reinterpret_cast<u_char*>(const_cast<char*>(text.data()));
}

tl::unexpected<Error> failed(const char* step, DKIM* handle, DKIM_STAT status)
{
    const char* what = handle != nullptr ? dkim_geterror(handle) : nullptr;
    if (what == nullptr || *what == '\0')
        what = dkim_getresultstr(status);
    return fail("libopendkim: {}: {}", step, what != nullptr ? what : "unknown status");
}

struct HandleFree {
    void operator()(DKIM* handle) const { dkim_free(handle); }
};
using Handle = std::unique_ptr<DKIM, HandleFree>;

DkimHeaderHash header_hash(DKIM_SIGINFO* signature)
{
    // One that it does not take has an error and no hashes: asking for them would abort the program. Its own
    // opinion of l= is about the body that it did not get.
    const int error = dkim_sig_geterror(signature);
    const bool is_taken = error == DKIM_SIGERROR_UNKNOWN || error == DKIM_SIGERROR_TOOLARGE_L;
    void* header = nullptr;
    void* body = nullptr;
    std::size_t header_size = 0, body_size = 0;
    if (!is_taken || dkim_sig_gethashes(signature, &header, &header_size, &body, &body_size) != DKIM_STAT_OK) {
        const char* text = dkim_sig_geterrorstr(error);
        return {text != nullptr ? text : "cannot be hashed", ""};
    }
    return {"", {static_cast<const char*>(header), header_size}};
}

} // namespace

struct DkimLibrary::Impl {
    DKIM_LIB* library = nullptr;

    ~Impl()
    {
        if (library != nullptr)
            dkim_close(library);
    }
};

Result<std::shared_ptr<DkimLibrary>> DkimLibrary::create(std::chrono::seconds clock_drift)
{
    auto impl = std::make_unique<Impl>();
    impl->library = dkim_init(nullptr, nullptr);
    if (impl->library == nullptr)
        return fail("libopendkim: cannot be initialised");

    // DELAYSIGPROC: keys are not asked for at the end of the header. BADSIGHANDLES: a signature that
    // it does not understand keeps its place in the list, and a From that it cannot parse is no error.
    std::uint32_t flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
    std::uint64_t drift = static_cast<std::uint64_t>(clock_drift.count());
    if (const auto status = dkim_options(impl->library, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags);
        status != DKIM_STAT_OK)
        return failed("flags", nullptr, status);
    if (const auto status = dkim_options(impl->library, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof drift);
        status != DKIM_STAT_OK)
        return failed("clock drift", nullptr, status);
    dkim_set_key_lookup(impl->library, refuse_key_lookup);

    // Its resolver would be started by the first thread that needs it, without a lock: start it now, as none.
    dkim_dns_set_init(impl->library, nullptr);
    dkim_dns_init(impl->library);
    return std::shared_ptr<DkimLibrary>(new DkimLibrary(std::move(impl)));
}

DkimLibrary::DkimLibrary(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl))
{
}

DkimLibrary::~DkimLibrary() = default;

Result<std::vector<DkimHeaderHash>> DkimLibrary::hash_header(std::span<const std::string> fields) const
{
    DKIM_STAT status = DKIM_STAT_OK;
    const Handle owner(dkim_verify(impl_->library, octets(""), nullptr, &status));
    DKIM* const handle = owner.get();
    if (handle == nullptr)
        return failed("dkim_verify", nullptr, status);

    // SYNTAX: no header field, or a DKIM-Signature that is none, which keeps its place
    for (const auto& field : fields)
        if (status = dkim_header(handle, octets(field), field.size());
            status != DKIM_STAT_OK && status != DKIM_STAT_SYNTAX)
            return failed("dkim_header", handle, status);
    if (status = dkim_header(handle, octets(uncoverable_field), uncoverable_field.size()); status != DKIM_STAT_OK)
        return failed("dkim_header", handle, status);
    if (status = dkim_eoh(handle); status != DKIM_STAT_OK)
        return failed("dkim_eoh", handle, status);

    DKIM_SIGINFO** signatures = nullptr; // belongs to the handle
    int count = 0;
    if (status = dkim_getsiglist(handle, &signatures, &count); status != DKIM_STAT_OK)
        return failed("dkim_getsiglist", handle, status);
    const std::span<DKIM_SIGINFO* const> all(signatures, static_cast<std::size_t>(count));
    for (auto* const signature : all)
        dkim_sig_ignore(signature); // it is hashed for all the same; its key is not asked for

    // Without a body. Every signature is ignored, so that "no signature" is success.
    if (status = dkim_eom(handle, nullptr); status != DKIM_STAT_NOSIG)
        return failed("dkim_eom", handle, status);
    std::vector<DkimHeaderHash> hashes;
    for (auto* const signature : all)
        hashes.push_back(header_hash(signature));
    return hashes;
}

} // namespace postern
