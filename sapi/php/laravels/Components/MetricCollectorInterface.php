<?php

declare(strict_types=1);

namespace Hhxsv5\LaravelS\Components;

/** Sent to a worker with $server->sendMessage(), it collects there. */
interface MetricCollectorInterface
{
    /** @param array<string, mixed> $params process_id, and process_type: worker, task */
    public function collect(array $params = []);
}
