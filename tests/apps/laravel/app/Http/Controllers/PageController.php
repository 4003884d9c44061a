<?php

declare(strict_types=1);

namespace App\Http\Controllers;

use Illuminate\Contracts\View\View;
use Illuminate\Http\Request;
use RuntimeException;

class PageController extends Controller
{
    /** The visits of this session; and when the application has booted, which shows that it stays in memory. */
    public function home(Request $request): View
    {
        $request->session()->put('visits', $visits = 1 + (int) $request->session()->get('visits', 0));

        return view('home', ['visits' => $visits, 'booted' => app('booted'), 'pid' => getmypid()]);
    }

    public function dump(Request $request): void
    {
        dd(['url' => $request->fullUrl(), 'note' => 'the worker goes on']);
    }

    public function leave(): never
    {
        header('X-Left-By: exit');
        echo "This text was echoed before exit(); the worker goes on.\n";
        exit(0);
    }

    public function fail(): never
    {
        throw new RuntimeException('An exception that nobody catches.');
    }
}
