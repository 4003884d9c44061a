<?php

declare(strict_types=1);

namespace App\Console;

use App\Testing\Report;
use Illuminate\Console\Scheduling\Schedule;
use Illuminate\Foundation\Console\Kernel as BaseKernel;

class Kernel extends BaseKernel
{
    protected $commands = [
        Commands\HostedCode::class,
        Commands\HostedMinute::class,
    ];

    protected function schedule(Schedule $schedule)
    {
        $schedule->command(Commands\HostedMinute::class)->runInBackground()->everyMinute();
        $schedule->call(static fn () => Report::add('call', ['second' => time() % 60]))->everyMinute();
    }
}
