<?php

declare(strict_types=1);

namespace App\Console\Commands;

use App\Testing\Code;
use Illuminate\Console\Command;

/** Runs PHP code outside the server's own processes, as any Artisan command or queue worker would. */
class HostedCode extends Command
{
    protected $signature = 'hosted:code {code}';
    protected $description = 'Run PHP code and print its value as JSON';

    public function handle(): int
    {
        $this->line(json_encode(Code::answer($this->argument('code'))));

        return 0;
    }
}
