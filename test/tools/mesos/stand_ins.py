#!/usr/bin/env python3
"""Builds small stand-ins for the shared libraries that _scheduler.so needs and Debian lacks.
Usage: stand_ins.py _scheduler.so FOLDER

The names come from _scheduler.so's own table of undefined symbols:
  libcurl.so.4 (CURL_OPENSSL_3)          -> jumps into the system's libcurl.so.4
  libssl/libcrypto.so.1.0.0 (OPENSSL_*)  -> a few hash functions jump into the
        system's libcrypto.so.3; set-up calls return 0/1; the rest aborts, named
  libsvn_*, libapr-1 (only where absent) -> the same; for the replicated log only
  libpy2stub.so                          -> CPython 2 symbols, as data
"""
import os, re, subprocess, sys

so, out = sys.argv[1], sys.argv[2]
os.makedirs(out, exist_ok=True)

def run(*a, **k):
    return subprocess.run(a, check=True, text=True, stdout=subprocess.PIPE, **k).stdout

def system(lib):                 # the system's own copy of a library, or None
    m = re.search(rf"{re.escape(lib)} \(libc6,x86-64.*=> (\S+)", run("/sbin/ldconfig", "-p"))
    return m and m[1]

REAL = {  # functions that may be called -> where they really are
    "libcurl.so.4": (system("libcurl.so.4"), None),      # None: all of them
    "libcrypto.so.1.0.0": (system("libcrypto.so.3"), {"SHA256", "HMAC", "EVP_sha1", "EVP_sha256", "RAND_poll"}),
}
ZERO = re.compile(r"CRYPTO_(num_locks|set_)|ERR_|SSL_load_error_strings|"
                  r"OPENSSL_add_all|apr_(initialize|terminate)|curl_global_init")
ONE = re.compile(r"SSL_library_init")

# version node -> library
need, lib = {}, None
for line in run("readelf", "-W", "-V", so).splitlines():
    if m := re.search(r"File: (\S+)", line):
        lib = m[1]
    elif m := re.search(r"Name: (\S+)\s+Flags", line):
        if lib:
            need.setdefault(m[1], set()).add(lib)

libs = {}          # library -> {version or None: {symbol}}
py = {}
for line in run("readelf", "-W", "--dyn-syms", so).splitlines():
    f = line.split()
    if len(f) < 8 or f[6] != "UND":
        continue
    name, _, ver = f[7].partition("@")
    ver = ver.lstrip("@")
    if name.startswith(("Py", "_Py")):
        py[name] = 1
    elif ver == "CURL_OPENSSL_3":
        libs.setdefault("libcurl.so.4", {}).setdefault(ver, set()).add(name)
    elif ver.startswith("OPENSSL_"):
        l = "libssl.so.1.0.0" if re.match(r"SSL|TLS|BIO_.*ssl", name) else "libcrypto.so.1.0.0"
        libs.setdefault(l, {}).setdefault(ver, set()).add(name)
    elif not ver and re.match(r"svn_|apr_", name):
        l = ("libapr-1.so.0" if name.startswith("apr_") else
             "libsvn_delta-1.so.1" if "txdelta" in name else "libsvn_subr-1.so.1")
        if not system(l) or os.environ.get("STUB_SVN"):
            libs.setdefault(l, {}).setdefault(None, set()).add(name)
# every version node that _scheduler.so asks of a library must exist in it
for ver, ls in need.items():
    for l in ls & libs.keys():
        libs[l].setdefault(ver, set())

def build(lib, vers):
    real, only = REAL.get(lib, (None, set()))
    c = ['#define _GNU_SOURCE', '#include <dlfcn.h>', '#include <stdio.h>', '#include <stdlib.h>',
         f'static void bad(const char* n) {{ fprintf(stderr, "{lib} stand-in: %s called\\n", n); abort(); }}']
    init = []
    for name in sorted(set().union(*vers.values())):
        if real and (only is None or name in only):
            c.append(f'__attribute__((visibility("hidden"))) void* p_{name};\n'
                     f'__asm__(".globl {name}\\n.type {name},@function\\n{name}: jmp *p_{name}(%rip)\\n");')
            init.append(f'  if (!(p_{name} = dlsym(h, "{name}"))) bad("{name}");')
        elif ZERO.match(name) or ONE.match(name):
            c.append(f'long {name}(void) {{ return {1 if ONE.match(name) else 0}; }}')
        else:
            c.append(f'void {name}(void) {{ bad("{name}"); }}')
    if init:
        c += ['__attribute__((constructor)) static void init(void) {',
              f'  void* h = dlopen("{real}", RTLD_NOW | RTLD_LOCAL);',
              '  if (!h) { fprintf(stderr, "%s\\n", dlerror()); abort(); }', *init, '}']
    cmd = ["gcc", "-shared", "-fPIC", "-O1", "-w", "-x", "c", "-", f"-Wl,-soname,{lib}", "-o", f"{out}/{lib}"]
    vs = f"{out}/{lib}.map"
    if any(vers):
        with open(vs, "w") as fh:
            for v in sorted(v for v in vers if v):
                fh.write(f"{v} {{ global: {' '.join(s + ';' for s in sorted(vers[v]))} }};\n"
                         if vers[v] else f"{v} {{ }};\n")
        cmd.append(f"-Wl,--version-script,{vs}")
    run(*cmd, input="\n".join(c))
    if os.path.exists(vs):
        os.remove(vs)
    print(f"{lib}: {sum(map(len, vers.values()))} symbols, {len(init)} forwarded")

for l, v in sorted(libs.items()):
    build(l, v)
run("gcc", "-shared", "-fPIC", "-x", "c", "-", "-Wl,-soname,libpy2stub.so", "-o", f"{out}/libpy2stub.so",
    input="\n".join(f"char {n}[512];" for n in sorted(py)))
print(f"libpy2stub.so: {len(py)} symbols")
