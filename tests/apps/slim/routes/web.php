<?php

declare(strict_types=1);

use Illuminate\Http\Request;
use Illuminate\Support\Facades\Route;

Route::get('/', static fn () => ['framework' => app()->version(), 'console' => app()->runningInConsole()]);
Route::get('/fail', static fn () => throw new DomainException('handled in bootstrap/app.php'));
Route::get('/empty', static fn (Request $request) => ['value' => $request->query('value', 'none')]);
Route::get('/view', static fn () => view('hello', ['name' => 'slim']));
Route::middleware('web')->get('/count', static function (Request $request): array {
    $request->session()->put('count', $count = 1 + (int) $request->session()->get('count', 0));

    return ['count' => $count];
});
