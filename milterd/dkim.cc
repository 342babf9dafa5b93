#include "milterd/dkim.h"

#include "milterd/dkim_header.h"

#include <array>
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

struct DkimHashing::Impl {
    std::shared_ptr<DkimLibrary> library; // must outlive the handle
    DKIM* handle = nullptr;
    DKIM_SIGINFO** signatures = nullptr; // belongs to the handle
    std::size_t count = 0;
    std::array<char, 2> last{}; // of the body
    bool has_body = false;
    DKIM_STAT body_status = DKIM_STAT_OK;

    ~Impl()
    {
        if (handle != nullptr)
            dkim_free(handle);
    }

    void feed(std::string_view chunk);
    DkimHashes hashes(std::size_t at) const;
};

Result<std::unique_ptr<DkimHashing>> DkimHashing::create(std::shared_ptr<DkimLibrary> library,
                                                         std::span<const std::string> fields)
{
    auto impl = std::make_unique<Impl>();
    DKIM_STAT status = DKIM_STAT_OK;
    impl->handle = dkim_verify(library->impl_->library, octets(""), nullptr, &status);
    impl->library = std::move(library);
    if (impl->handle == nullptr)
        return failed("dkim_verify", nullptr, status);

    // SYNTAX: no header field, or a DKIM-Signature that is none, which keeps its place
    for (const auto& field : fields)
        if (status = dkim_header(impl->handle, octets(field), field.size());
            status != DKIM_STAT_OK && status != DKIM_STAT_SYNTAX)
            return failed("dkim_header", impl->handle, status);
    if (status = dkim_header(impl->handle, octets(uncoverable_field), uncoverable_field.size());
        status != DKIM_STAT_OK)
        return failed("dkim_header", impl->handle, status);
    if (status = dkim_eoh(impl->handle); status != DKIM_STAT_OK)
        return failed("dkim_eoh", impl->handle, status);

    int count = 0;
    if (status = dkim_getsiglist(impl->handle, &impl->signatures, &count); status != DKIM_STAT_OK)
        return failed("dkim_getsiglist", impl->handle, status);
    impl->count = static_cast<std::size_t>(count);
    for (std::size_t at = 0; at < impl->count; ++at)
        dkim_sig_ignore(impl->signatures[at]); // its hashes are made all the same; its key is not asked for
    return std::unique_ptr<DkimHashing>(new DkimHashing(std::move(impl)));
}

DkimHashing::DkimHashing(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl))
{
}

DkimHashing::~DkimHashing() = default;

void DkimHashing::body(std::span<const char> chunk)
{
    impl_->feed({chunk.data(), chunk.size()});
}

void DkimHashing::Impl::feed(std::string_view chunk)
{
    if (chunk.empty() || body_status != DKIM_STAT_OK)
        return;
    has_body = true;
    body_status = dkim_body(handle, octets(chunk), chunk.size());
    last = {chunk.size() > 1 ? chunk[chunk.size() - 2] : last[1], chunk.back()};
}

Result<std::vector<DkimHashes>> DkimHashing::finish()
{
    auto& impl = *impl_;
    // RFC 6376 3.4.3, 3.4.4: a body that does not end in CRLF is completed. libopendkim calls it an
    // error when relaxed, and when simple it completes short ones only.
    if (impl.has_body && impl.last[1] == '\r')
        impl.feed("\n");
    else if (impl.has_body && impl.last != std::array{'\r', '\n'})
        impl.feed("\r\n");
    if (impl.body_status != DKIM_STAT_OK)
        return failed("dkim_body", impl.handle, impl.body_status);

    // Every signature is ignored, so that "no signature" is success.
    if (const auto status = dkim_eom(impl.handle, nullptr); status != DKIM_STAT_NOSIG)
        return failed("dkim_eom", impl.handle, status);
    std::vector<DkimHashes> all;
    for (std::size_t at = 0; at < impl.count; ++at)
        all.push_back(impl.hashes(at));
    return all;
}

DkimHashes DkimHashing::Impl::hashes(std::size_t at) const
{
    DkimHashes hashes;
    const int error = dkim_sig_geterror(signatures[at]);
    hashes.is_too_long = error == DKIM_SIGERROR_TOOLARGE_L;
    void* header = nullptr;
    void* body = nullptr;
    std::size_t header_size = 0, body_size = 0;
    // One that it does not take has an error and no hashes: asking for them would abort the program.
    const bool is_taken = error == DKIM_SIGERROR_UNKNOWN || hashes.is_too_long;
    if (!is_taken
        || dkim_sig_gethashes(signatures[at], &header, &header_size, &body, &body_size) != DKIM_STAT_OK) {
        const char* text = dkim_sig_geterrorstr(error);
        hashes.fault = text != nullptr ? text : "cannot be hashed";
        return hashes;
    }
    hashes.header.assign(static_cast<const char*>(header), header_size);
    hashes.body.assign(static_cast<const char*>(body), body_size);
    return hashes;
}

} // namespace postern
