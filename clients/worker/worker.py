"""Brings the transcripts that lie in a folder as <youtubeId>.json, as Whisper writes them: python worker.py FOLDER."""

import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.request import Request, urlopen

URL, TOKEN, FOLDER = os.environ["VIDWIZ_URL"] + "/graphql", os.environ["ADMIN_TOKEN"], Path(sys.argv[1])
CLAIM = "TaskClaimSuccess { leaseToken leaseSeconds task { id video { youtubeId } } }"
KEPT, GIVEN_UP = "TaskCompleteSuccess { task { status } }", "TaskFailSuccess { task { status } }"
UPLOAD = "UploadCreateSuccess { upload { id } url headers { name value } }"


def ask(mutation: str, wanted: str, **given: object) -> dict:
    """The success of a mutation, or its failure, which has a message; asked again while the server is busy or away."""
    query = f"""mutation Ask($input: {mutation[0].upper()}{mutation[1:]}Input!) {{
      {mutation}(input: $input) {{ __typename ... on {wanted} ... on UserError {{ message }} }} }}"""
    body = json.dumps({"query": query, "variables": {"input": given}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    while True:
        with suppress(OSError), urlopen(Request(URL, body, headers), timeout=90) as response:
            answer = json.load(response)
            if "errors" not in answer:
                return answer["data"][mutation]
            if answer["errors"][0]["extensions"]["code"] != "TIMEOUT":
                raise SystemExit(answer["errors"][0]["message"])
        time.sleep(2)


def stay_alive(proof: dict, done: threading.Event, seconds: float) -> None:
    while not done.wait(seconds):
        ask("taskHeartbeat", "TaskHeartbeatSuccess { leaseExpiresAt }", **proof)


def work(path: Path, proof: dict) -> dict:
    error = {"code": "NO_TRANSCRIPT", "message": "Nobody has transcribed the video.", "retryable": False}
    if path.exists():
        file = {"filename": path.name, "contentType": "application/json", "sizeBytes": path.stat().st_size}
        made = ask("uploadCreate", UPLOAD, purpose="TRANSCRIPT", **file)
        headers = {header["name"]: header["value"] for header in made["headers"]}
        urlopen(Request(made["url"], path.read_bytes(), headers, method="PUT"), timeout=90).close()
        kept = ask("taskComplete", KEPT, result={"transcriptUploadId": made["upload"]["id"]}, **proof)
        if kept["__typename"] != "InvalidInput":
            return kept
        error |= {"code": "BAD_TRANSCRIPT", "message": kept["message"][:500]}
    return ask("taskFail", GIVEN_UP, error=error, **proof)


while True:
    claim = ask("taskClaim", CLAIM, types=["TRANSCRIPT"], workerId=f"example {os.getpid()}", waitSeconds=30)
    if claim["__typename"] == "TaskClaimSuccess":  # else nothing came in time
        proof, done = {"id": claim["task"]["id"], "leaseToken": claim["leaseToken"]}, threading.Event()
        threading.Thread(target=stay_alive, args=(proof, done, claim["leaseSeconds"] / 3), daemon=True).start()
        youtube_id = claim["task"]["video"]["youtubeId"]
        print(youtube_id, work(FOLDER / f"{youtube_id}.json", proof), flush=True)
        done.set()
