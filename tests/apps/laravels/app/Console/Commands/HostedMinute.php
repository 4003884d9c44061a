<?php

declare(strict_types=1);

namespace App\Console\Commands;

use App\Testing\Report;
use Illuminate\Console\Command;

class HostedMinute extends Command
{
    protected $signature = 'hosted:minute';
    protected $description = 'Report that the scheduler ran it';

    public function handle(): int
    {
        Report::add('minute', ['second' => time() % 60]);

        return 0;
    }
}
