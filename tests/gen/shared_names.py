#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes plugin/lint/shared_name.def: names that say nothing of who is behind them.

usage: tests/gen/shared_names.py ../shared/corpora/feeds/benign > plugin/lint/shared_name.def

HOSTING and CDN stand here, by hand. The others are facts from MISP's warning lists (CC0): SHORTENER is its list of
shorteners; DYNAMIC_DNS are zones that stand among the 100,000 most used domains as well. The most used domains themselves
are in popular_name.def.
"""
import gzip
import json
import sys

HOSTING = """000webhostapp.com appspot.com azurewebsites.net blogspot.com cloudfunctions.net cloudwaysapps.com
discord.com discordapp.com docs.google.com drive.google.com dropbox.com dropboxapi.com dropboxusercontent.com
firebaseapp.com firebaseio.com fly.dev framer.app ghost.io gist.github.com gitbook.io github.com github.io
githubusercontent.com gitlab.com gitlab.io glitch.me googleusercontent.com herokuapp.com hf.space infinityfreeapp.com
lovable.app mediafire.com mega.nz myshopify.com netlify.app ngrok-free.app ngrok.app ngrok.io notion.site onrender.com
pages.dev pantheonsite.io pastebin.com r2.dev railway.app raw.githubusercontent.com replit.app replit.dev run.app
sharepoint.com sites.google.com storage.googleapis.com strikinglyapp.com surge.sh t.me telegra.ph transfer.sh
trycloudflare.com tumblr.com vercel.app web.app webflow.io weebly.com weeblysite.com wixsite.com wordpress.com
workers.dev blob.core.windows.net web.core.windows.net s3.amazonaws.com execute-api.us-east-1.amazonaws.com
lambda-url.us-east-1.on.aws on.aws graph.microsoft.com api.telegram.org api.github.com""".split()
CDN = """akadns.net akamai.net akamaiedge.net akamaihd.net akamaized.net alicdn.com azureedge.net azurefd.net b-cdn.net
bunnycdn.com bunny.net cachefly.net cdn77.org cdnjs.cloudflare.com cloudflare.com cloudflare.net cloudfront.net
edgecastcdn.net edgekey.net edgesuite.net fastly.net fastlylb.net gcore.com gcdn.co hwcdn.net jsdelivr.net
kunlunar.com kxcdn.com llnwd.net msedge.net myqcloud.com qbox.me stackpathcdn.com stackpathdns.com trafficmanager.net
unpkg.com vo.msecnd.net""".split()


def entries(folder, name):
    opener = gzip.open if name.endswith(".gz") else open
    with opener("%s/%s" % (folder, name), "rt", encoding="utf-8") as file:
        return [entry.lstrip(".").lower() for entry in json.load(file)["list"]]


def main():
    folder = sys.argv[1]
    used = set(entries(folder, "cloudflare-top100k.json.gz"))
    dynamic = [name for name in entries(folder, "dynamic-dns.json.gz") if name in used]
    kinds = {}
    for kind, names in (("DYNAMIC_DNS", dynamic), ("SHORTENER", entries(folder, "url-shortener.json")),
                        ("CDN", CDN), ("HOSTING", HOSTING)):
        kinds.update((name, kind) for name in names)
    print("""/* SPDX-License-Identifier: BSD-3-Clause */
/* Names that say nothing of who is behind them: an indicator that is one alerts on everybody. Written by
 * tests/gen/shared_names.py, which tells where the rows come from; in the order of strcmp().
 *
 *   SHARED(name, kind)      kind: HOSTING CDN SHORTENER DYNAMIC_DNS
 */""")
    for name in sorted(kinds):
        print('SHARED("%s", %s)' % (name, kinds[name]))


if __name__ == "__main__":
    main()
